import { METRICS, type ComparisonEvidence, type Metric } from '../../evidence/index.ts';
import { memoised } from '../memo.ts';
import { boundsOf, comparedSubjects, FIGURES, type Bounded } from './bounds.ts';

/** What the pairs say of one figure: `unsure` = not enough evidence, run longer. */
export type Standing = 'worse' | 'better' | 'same' | 'unsure';

export interface JudgedMetric {
  /** Null: over all subjects together. */
  readonly subject: string | null;
  readonly metric: Metric;
  readonly standing: Standing;
  readonly bounds: Bounded;
}

/** What is said of a subject, or of the server as a whole, in a word. */
export type Conclusion = 'slower' | 'faster' | 'mixed' | 'no difference' | 'not enough evidence';

/**
 * What a difference must surely exceed to be called one. 2 % for times: two processes of one program differ by
 * that much for good, by where things lie in memory (facts of this project: no false alarm in A/A with this margin). Memory
 * differs more, by when the collector came. The tail: 0.3 points more calls over its mark.
 */
const MARGIN: Readonly<Record<Metric, number>> = {
  latency: 0.02,
  cpu: 0.02,
  throughput: 0.02,
  memory: 0.05,
  tail: 0.003,
};
/** Between days, the yardstick leaves what the machine does to one kind of code and not to another. */
const YARDSTICK_MARGIN = 0.1;
/** A tail that has grown by less than this is none worth a word: the middle of "no difference" for the tail. */
const TAIL_TOLERANCE = 0.01;
/** Of a subject's part of the error: most for the two figures that tell most, and that a verdict waits for. */
const ERROR_SHARES: Readonly<Record<Metric, number>> = {
  latency: 0.35,
  cpu: 0.35,
  throughput: 0.1,
  tail: 0.1,
  memory: 0.1,
};
/** What is no tool gets as little of the error as of the time. */
const METHOD_WEIGHT = 0.25;
const FEW = 3;
/** More is worse, but for throughput. */
const LESS_IS_WORSE: ReadonlySet<Metric> = new Set(['throughput']);

/** Every figure of every subject and of all together, judged. A subject's figures that could not be taken are left out. */
export const judgeMetrics: (comparison: ComparisonEvidence) => readonly JudgedMetric[] = memoised(
  (comparison) => {
    const names = comparedSubjects(comparison);
    // All together say more than each where there are many.
    const subjects: readonly (string | null)[] = names.length <= FEW ? names : [null, ...names];
    const weight = (subject: string | null): number =>
      subject !== null && isMethod(comparison, subject) ? METHOD_WEIGHT : 1;
    const weights = subjects.reduce((sum, subject) => sum + weight(subject), 0);
    return subjects.flatMap((subject) =>
      metricsOf(comparison).flatMap((metric): JudgedMetric[] => {
        // Memory is the process's, not a tool's.
        if (metric === 'memory' && subject !== subjects[0]) return [];
        const bounds = boundsOf(comparison, subject, FIGURES[metric], {
          errorShare: (ERROR_SHARES[metric] * weight(subject)) / weights,
          additive: metric === 'tail',
        });
        if (bounds === null) return [];
        return [{ subject, metric, standing: standingOf(metric, bounds, comparison), bounds }];
      }),
    );
  },
);

/** Of another day, only what stands to the yardstick as it did. */
function metricsOf({ method }: ComparisonEvidence): readonly Metric[] {
  return method === 'yardstick' ? ['latency', 'cpu'] : METRICS;
}

function isMethod({ pairs }: ComparisonEvidence, name: string): boolean {
  return pairs[0]?.subjects.find(({ subject }) => subject.name === name)?.subject.kind === 'method';
}

/** In a word. Latency and CPU must both be settled for "no difference"; any figure that is surely worse makes it slower. */
export function concludeOn(judged: readonly JudgedMetric[], subject: string | null): Conclusion {
  const mine = judged.filter((entry) => entry.subject === subject && entry.metric !== 'memory');
  const worse = mine.some(({ standing }) => standing === 'worse');
  const better = mine.some(({ standing }) => standing === 'better');
  if (worse && better) return 'mixed';
  if (worse) return 'slower';
  if (better) return 'faster';
  const main = mine.filter(({ metric }) => metric === 'latency' || metric === 'cpu');
  const settled = main.length > 0 && main.every(({ standing }) => standing === 'same');
  return settled ? 'no difference' : 'not enough evidence';
}

/** Every subject, and null for the whole where there are several. */
export function judgedSubjects(judged: readonly JudgedMetric[]): readonly (string | null)[] {
  return [...new Set(judged.map(({ subject }) => subject))];
}

function standingOf(
  metric: Metric,
  { low, high }: Bounded,
  { tolerance, method }: ComparisonEvidence,
): Standing {
  // Bounds of different looks that exclude each other: one of them was wrong.
  if (low > high) return 'unsure';
  const margin = method === 'yardstick' ? YARDSTICK_MARGIN : MARGIN[metric];
  if (metric === 'tail') {
    if (low > margin) return 'worse';
    if (high < -margin) return 'better';
    return low > -TAIL_TOLERANCE && high < TAIL_TOLERANCE ? 'same' : 'unsure';
  }
  const more = low > 1 + margin;
  const less = high < 1 / (1 + margin);
  if (more || less) return more === LESS_IS_WORSE.has(metric) ? 'better' : 'worse';
  const wide = Math.max(tolerance, method === 'yardstick' ? 2 * YARDSTICK_MARGIN : 0);
  return low > 1 / (1 + wide) && high < 1 + wide ? 'same' : 'unsure';
}
