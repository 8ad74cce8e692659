import type {
  ComparedPair,
  ComparisonEvidence,
  ComparisonResult,
  JudgedFigure,
  Metric,
  PairedFigures,
  SideFigures,
} from '../../evidence/index.ts';
import { median } from '../../stats/index.ts';
import { concludeOn, judgedSubjects, judgeMetrics, type JudgedMetric } from './judge.ts';

/** What the comparison says, for reports. */
export function summariseComparison(comparison: ComparisonEvidence): ComparisonResult {
  const judged = judgeMetrics(comparison);
  const subjects = judgedSubjects(judged).map((name) => ({
    name,
    conclusion: concludeOn(judged, name),
    figures: Object.fromEntries(
      judged
        .filter((entry) => entry.subject === name)
        .map((entry): [Metric, JudgedFigure] => [entry.metric, figureOf(entry, comparison)]),
    ),
  }));
  const conclusion = overall(subjects.map((subject) => subject.conclusion));
  return {
    method: comparison.method,
    baseline: comparison.baseline.label,
    candidate: comparison.candidate.label,
    conclusion,
    sentence: sentenceOf(conclusion, comparison),
    pairs: comparison.pairs.length,
    ended: comparison.ended,
    tolerance: comparison.tolerance,
    subjects,
    caveats: comparison.caveats,
  };
}

type Conclusion = ComparisonResult['conclusion'];

/** One tool that is slower makes the server slower, whatever the others do. */
function overall(conclusions: readonly Conclusion[]): Conclusion {
  const has = (conclusion: Conclusion): boolean => conclusions.includes(conclusion);
  if (has('mixed') || (has('slower') && has('faster'))) return 'mixed';
  if (has('slower')) return 'slower';
  if (has('faster')) return 'faster';
  if (conclusions.length > 0 && !has('not enough evidence')) return 'no difference';
  return 'not enough evidence';
}

function sentenceOf(conclusion: Conclusion, comparison: ComparisonEvidence): string {
  const { pairs, ended, method } = comparison;
  const tolerance = method === 'yardstick' ? Math.max(comparison.tolerance, 0.2) : comparison.tolerance;
  const tolerated = `${Number((tolerance * 100).toPrecision(3))} %`;
  const rests = `${pairs.length} pairs of fresh processes`;
  switch (conclusion) {
    case 'slower':
      return `Slower than ${comparison.baseline.label}: what follows is surely worse (${rests}).`;
    case 'faster':
      return `Faster than ${comparison.baseline.label} (${rests}).`;
    case 'mixed':
      return `Better in some, worse in other respects than ${comparison.baseline.label} (${rests}).`;
    case 'no difference':
      return `No difference larger than ${tolerated} to ${comparison.baseline.label} (${rests}).`;
    case 'not enough evidence':
      return ended === 'budget'
        ? `Not enough evidence on a machine as noisy as this: neither a difference nor its absence (within ${tolerated}) is sure after ${rests}. Run longer: --budget.`
        : `Not enough evidence: the comparison ended early, after ${rests}.`;
  }
}

function figureOf(
  { metric, subject, bounds, standing }: JudgedMetric,
  comparison: ComparisonEvidence,
): JudgedFigure {
  const { value, low, high } = bounds;
  const side = (name: 'baseline' | 'candidate'): number | null =>
    subject === null && metric !== 'memory' ? null : typical(comparison, subject, name, metric);
  return { value, low, high, standing, before: side('baseline'), after: side('candidate') };
}

function typical(
  comparison: ComparisonEvidence,
  subject: string | null,
  side: 'baseline' | 'candidate',
  metric: Metric,
): number | null {
  // Against a saved run, what was before is the candidate of that run: the yardstick is on the other side.
  const saved = side === 'baseline' && comparison.savedPairs !== null;
  const pairs = saved ? (comparison.savedPairs ?? []) : comparison.pairs;
  const values = pairs.flatMap((pair) => readingsOf(pair, subject, saved ? 'candidate' : side, metric));
  return values.length === 0 ? null : median(values);
}

function readingsOf(
  pair: ComparedPair,
  subject: string | null,
  side: 'baseline' | 'candidate',
  metric: Metric,
): readonly number[] {
  if (metric === 'memory') return pair.rssBytes === null ? [] : [pair.rssBytes[side]];
  return pair.subjects
    .filter((figures: PairedFigures) => subject === null || figures.subject.name === subject)
    .flatMap((figures) => readingOf(figures[side], metric) ?? []);
}

function readingOf(side: SideFigures, metric: Metric): number | null {
  switch (metric) {
    case 'latency':
      return side.latencyMs?.p50 ?? null;
    case 'cpu':
      return side.mainCpuMsPerCall;
    case 'throughput':
      return side.throughputPerSecond;
    case 'tail':
      return side.timedCalls === 0 ? null : side.overMark / side.timedCalls;
    case 'memory':
      return null;
  }
}
