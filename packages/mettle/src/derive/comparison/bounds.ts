import type { ComparedPair, ComparisonEvidence, Metric, PairedFigures } from '../../evidence/index.ts';
import {
  errorOfLook,
  meanBounds,
  ratioBounds,
  ratioBoundsBetween,
  type LogRatio,
} from '../../stats/index.ts';

/**
 * Chance that a server compared with itself is called slower, over all of its tools, figures and looks together; the
 * same for faster. A job that runs on every push may cry wolf once in a year, not once in a month: one in a thousand,
 * where the pairs scatter so much that the margin on top (judge.ts) does not make it rarer still.
 */
const FALSE_ALARMS = 0.001;
/** Two pairs bound nothing, and three only what is plain. */
const FIRST_LOOK = 3;

/** Candidate over baseline, with bounds that hold at every look together; for `tail` a difference of shares. */
export interface Bounded {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
}

/** The figure of a pair that a metric or a threshold judges; null where the pair gave none. */
export type FigureOf = (pair: ComparedPair, figures: PairedFigures) => number | null;

export const FIGURES: Readonly<Record<Metric | 'p50' | 'p95' | 'p99', FigureOf>> = {
  latency: (_, figures) => figures.logRatio.latency,
  cpu: (_, figures) => figures.logRatio.cpu,
  throughput: (_, figures) => figures.logRatio.throughput,
  p50: (_, figures) => figures.logRatio.p50,
  p95: (_, figures) => figures.logRatio.p95,
  p99: (_, figures) => figures.logRatio.p99,
  tail: (_, { candidate, baseline }) =>
    candidate.timedCalls === 0 || baseline.timedCalls === 0
      ? null
      : candidate.overMark / candidate.timedCalls - baseline.overMark / baseline.timedCalls,
  memory: ({ rssBytes }) => (rssBytes === null ? null : Math.log(rssBytes.candidate / rssBytes.baseline)),
};

/** Which subjects have been compared, in the order of the first pair. */
export function comparedSubjects(comparison: ComparisonEvidence): readonly string[] {
  return [...new Set(comparison.pairs.flatMap((pair) => pair.subjects.map(({ subject }) => subject.name)))];
}

/**
 * The bounds of a figure. After every pair a look is taken, at an error of its own; since all looks together keep the
 * whole error, every look's bounds hold, and so does what they have in common.
 * `errorShare`: the part of the whole error that this figure may spend.
 */
export function boundsOf(
  comparison: ComparisonEvidence,
  subject: string | null,
  figureOf: FigureOf,
  options: { readonly errorShare: number; readonly additive?: boolean },
): Bounded | null {
  const values = valuesOf(comparison.pairs, subject, figureOf);
  const saved =
    comparison.savedPairs === null
      ? null
      : valuesOf(comparison.savedPairs, subject, figureOf).map(({ value }) => value);
  const error = FALSE_ALARMS * options.errorShare;
  let before = 0;
  let common: Bounded | null = null;
  for (const [i, { share }] of values.entries()) {
    const look = i + 1;
    if (look < FIRST_LOOK) continue;
    // A run that ended for another reason than what it saw spends what is left on its last look.
    const last = look === values.length && comparison.ended !== 'decided';
    const spent = errorOfLook(error, before, last ? 1 : share);
    before = share;
    if (spent <= 0) continue;
    const now = values.slice(0, look);
    common = inCommon(common, lookAt(now, saved, spent, options.additive === true));
  }
  return common;
}

function inCommon(earlier: Bounded | null, bounds: Bounded): Bounded {
  if (earlier === null) return bounds;
  return {
    ...bounds,
    low: Math.max(earlier.low, bounds.low),
    high: Math.min(earlier.high, bounds.high),
  };
}

function lookAt(
  now: readonly LogRatio[],
  saved: readonly number[] | null,
  error: number,
  additive: boolean,
): Bounded {
  const pairs = now.length;
  const values = now.map(({ value }) => value);
  if (additive) {
    const grain = Math.max(0, ...now.map(({ standardError }) => standardError ?? 0));
    const { mean, low, high } = meanBounds(values, error, grain);
    return { value: mean, low, high, pairs };
  }
  const { ratio, low, high } =
    saved === null ? ratioBounds(now, error) : ratioBoundsBetween(saved, values, error);
  return { value: ratio, low, high, pairs };
}

/** A figure of each pair; of a subject, or the mean over all of them (for ratios, their geometric mean). */
function valuesOf(
  pairs: readonly ComparedPair[],
  subject: string | null,
  figureOf: FigureOf,
): readonly (LogRatio & { readonly share: number })[] {
  return pairs.flatMap((pair) => {
    const chosen = pair.subjects.filter((figures) => subject === null || figures.subject.name === subject);
    const figures = chosen.flatMap((entry) => {
      const value = figureOf(pair, entry);
      return value === null ? [] : [{ value, standardError: errorOf(figureOf, entry) }];
    });
    const count = figures.length;
    if (count === 0) return [];
    const value = figures.reduce((sum, figure) => sum + figure.value, 0) / count;
    // Of a mean of independent values; unknown as soon as one is.
    const squares = figures.reduce((sum, { standardError }) => sum + (standardError ?? Number.NaN) ** 2, 0);
    const standardError = Number.isNaN(squares) ? null : Math.sqrt(squares) / count;
    return [{ value, standardError, share: pair.share }];
  });
}

function errorOf(figureOf: FigureOf, figures: PairedFigures): number | null {
  const { standardError, baseline, candidate } = figures;
  if (figureOf === FIGURES.latency) return standardError.latency;
  // One call more or less over the mark is what a share of so many calls cannot tell.
  if (figureOf === FIGURES.tail) return 1 / Math.max(1, Math.min(baseline.timedCalls, candidate.timedCalls));
  return figureOf === FIGURES.cpu ? standardError.cpu : null;
}
