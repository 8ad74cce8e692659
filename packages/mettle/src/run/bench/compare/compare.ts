import { concludeOn, judgedSubjects, judgeMetrics, judgeThresholds } from '../../../derive/index.ts';
import type {
  ComparedPair,
  ComparedSide,
  ComparisonEvidence,
  Era,
  TargetSpec,
  Threshold,
} from '../../../evidence/index.ts';
import { monotonicMs } from '../../../session/index.ts';
import type { OpenSide, SideOptions } from './open-side.ts';
import { measurePair, type MeasuredPair } from './pair.ts';

export interface CompareOptions extends SideOptions {
  readonly baseline: { readonly spec: TargetSpec; readonly label: string };
  readonly candidate: { readonly spec: TargetSpec; readonly label: string };
  readonly budgetMs: number;
  readonly tolerance: number;
  readonly thresholds: readonly Threshold[];
  /** The baseline is the yardstick; `saved` are the pairs of an earlier run beside it, null when this one is to be saved. */
  readonly yardstick?: {
    readonly saved: readonly ComparedPair[] | null;
    readonly caveats: readonly string[];
  };
  /** Called after each pair with what is known by then. */
  readonly onPair: (comparison: ComparisonEvidence, remainingMs: number) => void;
}

export interface Compared {
  readonly comparison: ComparisonEvidence;
  /** What the last process of the candidate listed; null when none was opened. */
  readonly candidate: OpenSide | null;
}

/** Calls in turns of a pair, and warming up before: long enough that starting two processes is worth it. */
const MEASURE_MS = 2500;
const WARM_UP_MS = 2000;
/** But short enough that there are pairs enough: with few, bounds are wide whatever the pairs say. */
const MEASURE_SHARE = 1 / 20;
const WARM_UP_SHARE = 1 / 40;
/** Of each subject and side, so many turns a pair: fewer are no average. */
const TURNS = 8;
/** Fewer processes than this say little of the next one; as long as the budget lasts. */
const LEAST_PAIRS = 5;
/** A saved run is compared with many others: what it does not know, none of them will. */
const PAIRS_TO_SAVE = 12;
/** Tail, throughput and memory may keep the run going until this share of the budget. */
const PATIENCE = 0.5;
/** A pair needs this part of the time that the last one took to be worth beginning. */
const WORTH_BEGINNING = 0.6;

/**
 * Compares two versions by pairs of fresh processes until every tool and threshold is decided or the budget is used up.
 * Looking after every pair costs no false alarms: the bounds pay for it (derive/comparison).
 * Throws TargetError when a version cannot be reached.
 */
export async function compareVersions(options: CompareOptions): Promise<Compared> {
  const startedMs = monotonicMs();
  const pairs: ComparedPair[] = [];
  let eras: PairEras = { baseline: options.era, candidate: options.era };
  let last: MeasuredPair | null = null;
  let ended: ComparisonEvidence['ended'] = 'budget';
  const usedMs = (): number => monotonicMs() - startedMs;
  const evidence = (): ComparisonEvidence => evidenceOf(options, pairs, last, ended);
  while (!options.signal.aborted) {
    if (pairs.length > 0 && usedMs() + WORTH_BEGINNING * (last?.durationMs ?? 0) > options.budgetMs) break;
    last = await measurePair(options.baseline.spec, options.candidate.spec, {
      ...options,
      eras,
      yardstick: options.yardstick !== undefined,
      number: pairs.length,
      measureMs: measureMs(last, options.budgetMs),
      warmUpMs: Math.min(WARM_UP_MS, options.budgetMs * WARM_UP_SHARE),
    });
    // An interrupted pair is half a pair.
    if (options.signal.aborted) break;
    eras = { baseline: last.sides.baseline.session.era, candidate: last.sides.candidate.session.era };
    const { sides: _, ...pair } = last;
    pairs.push({ ...pair, share: Math.min(1, usedMs() / options.budgetMs) });
    ended = 'decided';
    options.onPair(evidence(), options.budgetMs - usedMs());
    if (isEnough(options, evidence())) break;
    ended = 'budget';
  }
  if (options.signal.aborted) ended = 'interrupted';
  return { comparison: evidence(), candidate: last?.sides.candidate ?? null };
}

type PairEras = { readonly baseline: Era | null; readonly candidate: Era | null };

function isEnough({ yardstick, thresholds }: CompareOptions, comparison: ComparisonEvidence): boolean {
  // A run that is to be saved has nothing to decide.
  if (yardstick?.saved === null) return comparison.pairs.length >= PAIRS_TO_SAVE;
  return isDecided(comparison, thresholds);
}

/** Whether more pairs would change nothing that the user asked for. */
export function isDecided(comparison: ComparisonEvidence, thresholds: readonly Threshold[]): boolean {
  const { pairs } = comparison;
  if (pairs.length < LEAST_PAIRS) return false;
  const judged = judgeMetrics(comparison);
  const open = judgeThresholds(thresholds, { comparison }).some(({ standing }) => standing === 'undecided');
  if (open) return false;
  if (judgedSubjects(judged).some((subject) => concludeOn(judged, subject) === 'not enough evidence'))
    return false;
  return (pairs.at(-1)?.share ?? 1) >= PATIENCE || judged.every(({ standing }) => standing !== 'unsure');
}

/** Longer where the calls of the last pair were slow or the tools many, so that each gets its turns. */
function measureMs(last: MeasuredPair | null, budgetMs: number): number {
  const usualMs = Math.min(MEASURE_MS, budgetMs * MEASURE_SHARE);
  if (last === null) return usualMs;
  const mostMs = Math.max(usualMs, budgetMs / LEAST_PAIRS / 2);
  const turnsMs = last.subjects.reduce((sum, { turns, baseline, candidate }) => {
    const calls = turns === 0 ? 1 : Math.max(1, baseline.timedCalls / turns);
    return sum + calls * ((baseline.latencyMs?.mean ?? 0) + (candidate.latencyMs?.mean ?? 0));
  }, 0);
  return Math.min(mostMs, Math.max(usualMs, TURNS * turnsMs));
}

function evidenceOf(
  options: CompareOptions,
  pairs: readonly ComparedPair[],
  last: MeasuredPair | null,
  ended: ComparisonEvidence['ended'],
): ComparisonEvidence {
  return {
    method: options.yardstick === undefined ? 'interleaved' : 'yardstick',
    baseline: sideOf(options.baseline, last?.sides.baseline ?? null),
    candidate: sideOf(options.candidate, last?.sides.candidate ?? null),
    caveats: [...(options.yardstick?.caveats ?? []), ...(last === null ? [] : onlyOnOneSide(last))],
    pairs: [...pairs],
    savedPairs: options.yardstick?.saved ?? null,
    tolerance: options.tolerance,
    ended,
    profiles: null,
  };
}

function sideOf(
  { spec, label }: { readonly spec: TargetSpec; readonly label: string },
  side: OpenSide | null,
): ComparedSide {
  return {
    label,
    command: spec.kind === 'module' ? null : spec.command,
    cwd: spec.cwd,
    node: null,
    server: side?.session.serverInfo ?? null,
  };
}

function onlyOnOneSide({ sides }: MeasuredPair): readonly string[] {
  const names = (side: OpenSide): ReadonlySet<string> =>
    new Set(side.sources.map(({ subject }) => subject.name));
  const [a, b] = [names(sides.baseline), names(sides.candidate)];
  const missing = (mine: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] =>
    [...mine].filter((name) => !other.has(name));
  return [
    ...missing(a, b).map((name) => `${name}: only the baseline has it, so it was not compared.`),
    ...missing(b, a).map((name) => `${name}: only the candidate has it, so it was not compared.`),
  ];
}
