import type { ComparisonResult, JudgedFigure, Metric, Result, ThresholdResult } from '../evidence/index.ts';
import { formatBytes, formatFigure, formatMs } from './figures.ts';

const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  latency: 'latency',
  cpu: 'CPU/call',
  throughput: 'throughput',
  tail: 'slow calls',
  memory: 'memory',
};

export const COMPARISON_COLUMNS = ['figure', 'before', 'after', 'ratio', 'surely within', 'verdict'] as const;

/** What the comparison says, in a sentence or two. */
export function comparisonHeadline({ comparison, thresholds }: Result): string {
  if (comparison === undefined) return '';
  const exceeded = (thresholds ?? []).filter(({ standing }) => standing === 'exceeded');
  const limits =
    exceeded.length === 0
      ? ''
      : ` Over the limit: ${exceeded.map(({ expression }) => expression).join(', ')}.`;
  return comparison.sentence + limits;
}

/** A row for each figure of each subject: the first cell names the subject. */
export function comparisonRows(comparison: ComparisonResult): readonly (readonly string[])[] {
  return comparison.subjects.flatMap(({ name, figures }) =>
    Object.entries(figures).map(([metric, figure], i) => [
      i === 0 ? (name ?? 'all together') : '',
      ...cells(metric as Metric, figure),
    ]),
  );
}

/** What became of the limits, a sentence each. */
export function thresholdLines(thresholds: readonly ThresholdResult[] | undefined): readonly string[] {
  return (thresholds ?? []).map((threshold) => {
    const { expression, subject, standing, value } = threshold;
    if (standing === 'not measured' || value === null) return `${expression}: not measured`;
    const where = subject === null ? '' : ` (${subject})`;
    const words = {
      exceeded: 'surely over the limit',
      kept: 'kept',
      undecided: 'not enough evidence either way, which does not fail the run',
    }[standing];
    return `${expression}${where}: ${words}; measured ${shown(threshold, value)}, ${bounds(threshold)}`;
  });
}

function bounds(threshold: ThresholdResult): string {
  const known = (value: number | null): boolean => value !== null && Number.isFinite(value);
  const [from, to] = [shown(threshold, threshold.low), shown(threshold, threshold.high)];
  if (!known(threshold.low) && !known(threshold.high)) return 'with too few calls to bound it';
  if (!known(threshold.high)) return `surely at least ${from}`;
  return !known(threshold.low) ? `surely at most ${to}` : `surely between ${from} and ${to}`;
}

function cells(metric: Metric, figure: JudgedFigure): readonly string[] {
  const { value, low, high, before, after, standing } = figure;
  const tail = metric === 'tail';
  // No share differs from another by more than all of it, whatever a wide bound says.
  const points = (share: number): string =>
    `${share >= 0 ? '+' : ''}${(Math.min(1, Math.max(-1, share)) * 100).toFixed(2)}`;
  const ratio = (factor: number): string =>
    factor < 100 ? factor.toFixed(3) : factor < 1e4 ? factor.toFixed(0) : '∞';
  return [
    METRIC_NAMES[metric],
    reading(metric, before),
    reading(metric, after),
    tail ? `${points(value)} pts` : ratio(value),
    tail ? `${points(low)}…${points(high)}` : `${ratio(low)}…${ratio(high)}`,
    standing,
  ];
}

function reading(metric: Metric, value: number | null): string {
  if (value === null) return '–';
  switch (metric) {
    case 'latency':
    case 'cpu':
      return `${formatFigure(value)} ms`;
    case 'throughput':
      return `${formatFigure(value)}/s`;
    case 'tail':
      return `${(value * 100).toFixed(2)} %`;
    case 'memory':
      return formatBytes(value);
  }
}

function shown({ unit }: ThresholdResult, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'unknown';
  switch (unit) {
    case 'ratio':
      return value < 1e4 ? `${value.toFixed(3)}x` : 'any';
    case 'ms':
      return formatMs(value);
    case 'per-second':
      return `${formatFigure(value)}/s`;
    case 'bytes':
      return formatBytes(value);
    case 'share':
      return `${(value * 100).toFixed(2)} %`;
  }
}
