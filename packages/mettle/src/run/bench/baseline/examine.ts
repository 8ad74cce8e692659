import { historyChanges } from '../../../derive/index.ts';
import type { EvidenceMap } from '../../../evidence/index.ts';
import type { Examined } from '../../execute.ts';
import { noteUnreached, targetEvidence } from '../../facts.ts';
import { benchBundle } from '../bundle.ts';
import { compareVersions } from '../compare/compare.ts';
import {
  AS_IT_STANDS,
  callsOf,
  examineComparison,
  exerciseOf,
  tell,
  type ComparisonRequest,
} from '../compare/examine.ts';
import { baselineOf, hasCommit, readBaseline, writeBaseline, type Baseline } from './baseline-file.ts';
import { appendHistory, historyEntryOf, readHistory } from './history-file.ts';
import { caveatsOf, yardstickSpec } from './yardstick.ts';

export interface BaselineRequest extends Omit<ComparisonRequest, 'compareWith'> {
  /** Files, absolute; null where none was named. */
  readonly save: string | null;
  readonly against: string | null;
  readonly history: string | null;
}

/** Of a saved run; fewer leave every later comparison without enough evidence. */
const FEW_PAIRS = 6;

/**
 * Compares the target with a saved run. When that names a commit which is still here, the old version is run again
 * beside the new one; else both runs are compared by their ratios to the yardstick.
 */
export async function examineAgainst(
  request: BaselineRequest & { readonly against: string },
): Promise<Examined> {
  const baseline = await readBaseline(request.against);
  const { commit } = baseline;
  const { spec } = request;
  const startable = spec.kind !== 'http' || spec.command !== null;
  if (commit !== null && startable && hasCommit(spec.cwd, commit)) {
    const note = `${request.against} was saved on ${baseline.savedAt.slice(0, 10)} at commit ${commit.slice(0, 8)}, which was run again beside the server as it stands: its own figures were not needed.`;
    return examineComparison({ ...request, compareWith: `git:${commit}` }, [note]);
  }
  return besideYardstick(request, baseline);
}

/** Measures the target beside the yardstick, saves that, and adds it to the history. */
export function examineAlone(request: BaselineRequest): Promise<Examined> {
  return besideYardstick(request, null);
}

async function besideYardstick(request: BaselineRequest, baseline: Baseline | null): Promise<Examined> {
  const startedAt = new Date();
  const evidence: Partial<EvidenceMap> = {};
  const notes: string[] = [];
  let targetFault: string | null = null;
  // Before a minute is spent on it.
  const earlier = request.history === null ? [] : await readHistory(request.history);
  try {
    const { comparison, candidate } = await compareVersions({
      ...request,
      baseline: {
        spec: yardstickSpec(),
        label: baseline === null ? 'the yardstick' : `the run saved on ${baseline.savedAt.slice(0, 10)}`,
      },
      candidate: { spec: request.spec, label: AS_IT_STANDS },
      yardstick: {
        saved: baseline?.pairs ?? null,
        caveats: baseline === null ? [] : caveatsOf(baseline),
      },
      onPair: ({ pairs }, remainingMs) =>
        tell(request, 'measuring beside the yardstick', 1 - Math.max(0, remainingMs) / request.budgetMs, {
          calls: pairs.reduce((sum, pair) => sum + callsOf(pair.subjects), 0),
          remainingMs,
        }),
    });
    evidence.target = targetEvidence({
      request,
      session: candidate?.session ?? null,
      agent: null,
      noAgent: 'latency is never measured while looking inside',
    });
    if (candidate !== null) evidence.exercise = exerciseOf(candidate.plans, comparison);
    if (baseline !== null) {
      if (request.thresholds.length > 0) evidence.thresholds = { thresholds: request.thresholds };
      evidence.comparison = comparison;
    } else if (request.signal.aborted) notes.push('Interrupted: nothing was saved.');
    else
      await keep(
        request,
        baselineOf(comparison, {
          mettle: request.mettle,
          target: request.targetArguments,
          cwd: request.spec.cwd,
        }),
        { earlier, evidence, notes },
      );
  } catch (error) {
    if (request.signal.aborted) notes.push('Interrupted before anything was measured.');
    else targetFault = noteUnreached(error, request, evidence);
  }
  return { bundle: benchBundle(request, startedAt, evidence, notes), targetFault };
}

async function keep(
  { save, history }: BaselineRequest,
  measured: Baseline,
  {
    earlier,
    evidence,
    notes,
  }: {
    readonly earlier: Awaited<ReturnType<typeof readHistory>>;
    readonly evidence: Partial<EvidenceMap>;
    readonly notes: string[];
  },
): Promise<void> {
  for (const { name, cpuMsPerCall, cpuOverYardstick, latencyMs } of measured.tools)
    notes.push(
      `${name}: CPU ${shown(cpuMsPerCall)} ms per call (${shown(cpuOverYardstick)} times the yardstick's), p50 ${shown(latencyMs?.p50)} ms, p99 ${shown(latencyMs?.p99)} ms, over ${processes(measured.pairs.length)}.`,
    );
  if (measured.pairs.length < FEW_PAIRS)
    notes.push(
      `Only ${processes(measured.pairs.length)} could be measured: too few to compare with. Raise --budget.`,
    );
  if (save !== null) {
    await writeBaseline(save, measured);
    notes.push(
      `Saved to ${save}${measured.commit === null ? ', without a commit: there are changes that git does not have, or no git' : `, at commit ${measured.commit.slice(0, 8)}`}.`,
    );
  }
  if (history === null) return;
  const entry = historyEntryOf(measured);
  await appendHistory(history, entry);
  const entries = [...earlier, entry];
  evidence.history = { file: history, entries, changes: historyChanges(entries) };
  notes.push(
    `Added to ${history}: ${String(entries.length)} runs.`,
    ...evidence.history.changes.map(changeSentence),
  );
}

function changeSentence(change: NonNullable<EvidenceMap['history']>['changes'][number]): string {
  const { tool, figure, at, commit, before, after } = change;
  const percent = Math.round((after / before - 1) * 1000) / 10;
  const what = figure === 'cpuOverYardstick' ? 'CPU per call' : 'latency';
  return `History: ${what} of ${tool} changed by ${percent > 0 ? '+' : ''}${String(percent)} % with the run of ${at.slice(0, 16).replace('T', ' ')}${commit === null ? '' : ` (commit ${commit.slice(0, 8)})`}.`;
}

function processes(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`;
}

/** Three digits: the others are the machine's. */
function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? 'unknown' : String(Number(value.toPrecision(3)));
}
