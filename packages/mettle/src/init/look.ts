import { relative } from 'node:path';
import type { ToolInfo } from '../evidence/index.ts';
import { failureOf, findReadable, namesakes, planSubjects } from '../load/index.ts';
import { readCatalogue, type Session } from '../session/index.ts';
import type { InitTarget } from './find-target.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** What the live server has, and how its tools are called. */
export interface Look {
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly protocolVersion: string;
  readonly tools: number;
  /** Calls that may be made at any time: of tools that say that they only read. */
  readonly calls: readonly SafeCall[];
  readonly leftOut: readonly { readonly tool: string; readonly why: string }[];
  readonly writers: readonly Writer[];
  /** Read-only calls that show what a race left behind. */
  readonly observers: readonly RaceCallText[];
}

export interface SafeCall extends RaceCallText {
  /** Why the call failed when it was tried; null when it did not. */
  readonly failure: string | null;
}

export interface RaceCallText {
  readonly tool: string;
  readonly arguments: Arguments;
}

/** A tool that changes something, with calls that are worth racing. */
export interface Writer {
  readonly tool: string;
  /** Two things, and one thing twice; the second absent where the tool takes no arguments. */
  readonly different: readonly [Arguments, Arguments];
  readonly same: boolean;
  /** Why the test waits for a person's word, and what that is; null when it does not. */
  readonly caution: string | null;
}

const SEED = 1;
/** For a call that is only to show that it works. */
const CALL_PATIENCE_MS = 10_000;
/** More make every schedule longer, and most show the same state. */
const MOST_OBSERVERS = 3;
/** The working copy of a race, filled in when it is run. */
const COPY = '{dir}';

/** Asks the server what it has and tries one call of each read-only tool. Nothing that may write is called. */
export async function lookAt(session: Session, spec: InitTarget, signal: AbortSignal): Promise<Look> {
  const { catalogue } = await readCatalogue(session);
  const readable = await findReadable({ workingCopy: null, command: spec.command, cwd: spec.cwd });
  const { plans, sources } = planSubjects(catalogue, {
    tools: [],
    workload: null,
    allowWrites: false,
    seed: SEED,
    ...readable,
  });
  const safe = sources.filter(({ subject, gentle }) => subject.kind === 'tool' && gentle !== true);
  const calls: SafeCall[] = [];
  for (const source of safe) {
    const { method, params } = source.call(0);
    const given = portable(params['arguments'] ?? {}, spec.cwd) as Arguments;
    const options = { timeoutMs: CALL_PATIENCE_MS, signal };
    const failure = failureOf(await session.request(method, { ...params, arguments: given }, options));
    signal.throwIfAborted();
    calls.push({
      tool: source.subject.name,
      arguments: given,
      failure: failure === null ? null : `${failure.kind}: ${failure.message}`,
    });
  }
  const leftOut = plans.flatMap(({ name, kind, reason }) => {
    if (kind !== 'tool') return [];
    if (reason !== null)
      return [{ tool: name, why: reason.replace(/^not called: /, '').replace(/; give it.*$/, '') }];
    return safe.some(({ subject }) => subject.name === name)
      ? []
      : [{ tool: name, why: 'it reaches somebody else’s service (openWorldHint), which a load would hit' }];
  });
  return {
    server: session.serverInfo,
    protocolVersion: session.protocolVersion,
    tools: catalogue.tools.length,
    calls,
    leftOut,
    writers: catalogue.tools.filter((tool) => tool.annotations.readOnlyHint !== true).flatMap(writerOf),
    observers: catalogue.tools
      .filter(({ name }) => calls.some(({ tool, failure }) => tool === name && failure === null))
      .slice(0, MOST_OBSERVERS)
      .map((tool) => ({
        tool: tool.name,
        arguments: namesakes(tool, { seed: SEED, directory: COPY })?.(0) ?? {},
      })),
  };
}

function writerOf(tool: ToolInfo): readonly Writer[] {
  const named = namesakes(tool, { seed: SEED, directory: COPY });
  if (named === null) return [];
  const different = [named(0), named(1)] as const;
  const { destructiveHint, openWorldHint } = tool.annotations;
  return [
    {
      tool: tool.name,
      different,
      same: JSON.stringify(different[0]) !== JSON.stringify(different[1]),
      caution:
        destructiveHint === true
          ? 'the tool is marked as destructive. Remove ".skip" where files are all that it can change.'
          : openWorldHint === true
            ? 'the tool reaches the outside world (openWorldHint). Remove ".skip" where files are all that it changes.'
            : null,
    },
  ];
}

/** The same value on another machine: places in the project are told from where the server is started. */
function portable(value: unknown, folder: string): unknown {
  if (typeof value === 'string') {
    if (value === folder) return '.';
    return value.startsWith(`${folder}/`) ? relative(folder, value).replaceAll('\\', '/') : value;
  }
  if (Array.isArray(value)) return value.map((each) => portable(each, folder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, portable(each, folder)]));
}
