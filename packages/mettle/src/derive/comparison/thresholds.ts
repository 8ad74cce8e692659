import type {
  BenchEvidence,
  ComparedPair,
  ComparisonEvidence,
  Estimate,
  SideFigures,
  Threshold,
} from '../../evidence/index.ts';
import { boundsOf, comparedSubjects, FIGURES, type Bounded } from './bounds.ts';

/** A limit and what the run says of it, for the subject that comes nearest to breaking it. Judged on the bound, never on the point. */
export interface JudgedThreshold {
  readonly threshold: Threshold;
  /** Null: all subjects together. */
  readonly subject: string | null;
  readonly standing: 'exceeded' | 'kept' | 'undecided' | 'not measured';
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

interface Measured {
  readonly subject: string | null;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** A second condition that must hold as well; absent where there is none. */
  readonly witnessed?: boolean;
}

/** Each limit against what was measured, whether two versions were compared or one was driven. */
export function judgeThresholds(
  thresholds: readonly Threshold[],
  measured: { readonly comparison?: ComparisonEvidence; readonly bench?: BenchEvidence },
): readonly JudgedThreshold[] {
  return thresholds.map((threshold) => {
    const { comparison, bench } = measured;
    const figures =
      comparison !== undefined
        ? comparedFigures(threshold, comparison, thresholds.length)
        : bench !== undefined && threshold.unit !== 'ratio'
          ? drivenFigures(threshold, bench)
          : [];
    const judged = figures.map((figure) => ({ figure, standing: standingOf(threshold, figure) }));
    const worst =
      judged.find(({ standing }) => standing === 'exceeded') ??
      judged.find(({ standing }) => standing === 'undecided') ??
      judged.toSorted((a, b) => nearness(threshold, b.figure) - nearness(threshold, a.figure))[0];
    if (worst === undefined)
      return { threshold, subject: null, standing: 'not measured', value: null, low: null, high: null };
    const { subject, value, low, high } = worst.figure;
    return { threshold, subject, standing: worst.standing, value, low, high };
  });
}

function standingOf({ failsWhen, limit }: Threshold, figure: Measured): 'exceeded' | 'kept' | 'undecided' {
  const { low, high, witnessed = true } = figure;
  const surelyBeyond = failsWhen === 'above' ? low !== null && low > limit : high !== null && high < limit;
  const surelyWithin = failsWhen === 'above' ? high !== null && high <= limit : low !== null && low >= limit;
  if (surelyBeyond && witnessed) return 'exceeded';
  return surelyWithin ? 'kept' : 'undecided';
}

function nearness({ failsWhen }: Threshold, { value }: Measured): number {
  return failsWhen === 'above' ? value : -value;
}

function comparedFigures(
  { metric, unit }: Threshold,
  comparison: ComparisonEvidence,
  thresholds: number,
): readonly Measured[] {
  const names = comparedSubjects(comparison);
  const errorShare = 1 / (thresholds * names.length);
  if (unit !== 'ratio') {
    return names.flatMap((subject) => {
      const bounds = boundsOf(
        // The server as it stands, not beside what it was then.
        { ...comparison, savedPairs: null },
        subject,
        (pair, figures) => absoluteOf(metric, pair, figures.candidate),
        { errorShare },
      );
      return bounds === null ? [] : [measuredOf(subject, bounds)];
    });
  }
  if (metric === 'max' || metric === 'errors') return [];
  return names.flatMap((subject) => {
    const bounds = boundsOf(comparison, subject, FIGURES[metric], { errorShare });
    if (bounds === null) return [];
    // p95 and p99 of a run move with the host; that more calls were slow is to be shown by their number as well.
    const tail =
      metric === 'p95' || metric === 'p99'
        ? boundsOf(comparison, subject, FIGURES.tail, { errorShare, additive: true })
        : null;
    return [{ ...measuredOf(subject, bounds), ...(tail === null ? {} : { witnessed: tail.low > 0 }) }];
  });
}

function measuredOf(subject: string, { value, low, high }: Bounded): Measured {
  return { subject, value, low, high };
}

/** The logarithm of the candidate's own figure in a pair, so that pairs can be averaged like ratios. */
function absoluteOf(
  metric: Threshold['metric'],
  { rssBytes }: ComparedPair,
  side: SideFigures,
): number | null {
  const log = (value: number | null | undefined): number | null =>
    value === null || value === undefined || value <= 0 ? null : Math.log(value);
  switch (metric) {
    case 'p50':
    case 'latency':
      return log(side.latencyMs?.p50);
    case 'p95':
    case 'p99':
    case 'max':
      return log(side.latencyMs?.[metric]);
    case 'cpu':
      return log(side.mainCpuMsPerCall);
    case 'throughput':
      return log(side.throughputPerSecond);
    case 'memory':
      return log(rssBytes?.candidate);
    case 'errors':
      return side.calls === 0 ? null : Math.log(Math.max(side.errors, 1e-9) / side.calls);
  }
}

function drivenFigures({ metric }: Threshold, bench: BenchEvidence): readonly Measured[] {
  // The last block is that of the full load, after whatever led up to it.
  const block = bench.blocks.at(-1);
  if (block === undefined) return [];
  const exact = (value: number | null): readonly Measured[] =>
    value === null ? [] : [{ subject: null, value, low: value, high: value }];
  switch (metric) {
    case 'cpu':
      return exact(block.target.mainCpuMsPerCall);
    case 'throughput':
      return exact(block.throughputPerSecond);
    case 'memory':
      return exact(block.target.rssBytes);
    case 'errors':
      return block.subjects.flatMap(({ subject, outcomes }) =>
        exact(outcomes.calls === 0 ? null : 1 - outcomes.ok / outcomes.calls).map((figure) => ({
          ...figure,
          subject: subject.name,
        })),
      );
    case 'max':
      return block.subjects.flatMap(({ subject, latencyMs }) =>
        latencyMs === null
          ? []
          : [{ subject: subject.name, value: latencyMs.max, low: latencyMs.max, high: latencyMs.max }],
      );
    case 'latency':
    case 'p50':
    case 'p95':
    case 'p99':
      return block.subjects.flatMap(({ subject, latencyMs }) => {
        if (latencyMs === null) return [];
        const estimate: Estimate = latencyMs[metric === 'latency' ? 'p50' : metric];
        return [{ subject: subject.name, ...estimate, low: estimate.low ?? lowOfLesser(latencyMs, metric) }];
      });
  }
}

/** What a percentile is surely not below, where there are too few calls for bounds of its own: what a lesser one is not. */
function lowOfLesser(
  { p50, p90, p95 }: { readonly p50: Estimate; readonly p90: Estimate; readonly p95: Estimate },
  metric: Threshold['metric'],
): number | null {
  const lesser = { p95: [p90, p50], p99: [p95, p90, p50] }[metric as string] ?? [];
  return lesser.find(({ low }) => low !== null)?.low ?? null;
}
