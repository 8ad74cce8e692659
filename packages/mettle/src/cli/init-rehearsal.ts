import { UsageError } from '../evidence/index.ts';
import { scenariosOf } from '../init/index.ts';
import type { InitTarget, Look, Writer } from '../init/index.ts';
import { race, RaceError } from '../run/index.ts';

/** What came of a test of races that was tried before it is written. */
export interface Rehearsal {
  readonly tool: string;
  readonly outcome: 'passes' | 'races' | 'undecided';
  readonly said: string;
}

/** Most races need a single preemption; the test itself goes on to two. */
const PREEMPTIONS = 1;
const MOST_TRIALS = 60;

/** Races the calls of each tool that writes, but for those that need a person's word, on a copy. */
export async function rehearse(
  look: Look,
  spec: InitTarget,
  { signal, onTool }: { readonly signal: AbortSignal; readonly onTool: (tool: string) => void },
): Promise<readonly Rehearsal[]> {
  const { command } = spec;
  if (command === null) return [];
  const out: Rehearsal[] = [];
  for (const writer of look.writers.filter(({ caution }) => caution === null)) {
    signal.throwIfAborted();
    onTool(writer.tool);
    out.push(await rehearseTool({ ...spec, command }, writer));
  }
  return out;
}

async function rehearseTool(spec: Parameters<typeof scenariosOf>[0], writer: Writer): Promise<Rehearsal> {
  const { tool } = writer;
  let trials = 0;
  try {
    for (const scenario of scenariosOf(spec, writer)) {
      const tried = await race({ ...scenario, preemptions: PREEMPTIONS, maxTrials: MOST_TRIALS });
      trials += tried.trials;
    }
    return { tool, outcome: 'passes', said: `no race in ${String(trials)} schedules` };
  } catch (error) {
    if (error instanceof RaceError)
      return {
        tool,
        outcome: 'races',
        said: `${firstFault(error.message)}: its test fails until that is mended`,
      };
    if (!(error instanceof UsageError) && (error as Error).name !== 'TargetError') throw error;
    return { tool, outcome: 'undecided', said: (error as Error).message };
  }
}

function firstFault(message: string): string {
  return /^1\. ([\w-]+)/m.exec(message)?.[1] ?? 'a race';
}

/** The tools with tests that would say nothing yet are marked, so that these are written but not run. */
export function withCautions(look: Look, rehearsals: readonly Rehearsal[]): Look {
  const undecided = new Map(
    rehearsals.flatMap(({ tool, outcome, said }) => (outcome === 'undecided' ? [[tool, said] as const] : [])),
  );
  return {
    ...look,
    writers: look.writers.map((writer) => {
      const said = undecided.get(writer.tool);
      return said === undefined
        ? writer
        : {
            ...writer,
            caution: `${said.replaceAll(/\s+/g, ' ')} Give better arguments or a state, and remove ".skip".`,
          };
    }),
  };
}
