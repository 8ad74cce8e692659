/** The q-quantile (0 to 1) of values sorted ascending, interpolated between neighbours; NaN when there are none. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = Math.min(Math.max(q, 0), 1) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}

/** The values in ascending order, as a new array. */
export function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** The median of values in any order; NaN when there are none. */
export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/** Median absolute deviation from the median: a spread that single outliers do not move. Not scaled to a normal's sigma. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The coverage that was reached; below the coverage asked for when there are too few values. */
  readonly confidence: number;
}

/**
 * Two-sided confidence interval of the median from order statistics. Assumes nothing about the distribution but
 * independent values. Fewer than 6 values cannot give 95 %: then it is the whole range, with the coverage that it has.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): Interval {
  const sorted = ascending(values);
  const n = sorted.length;
  if (n === 0) return { low: Number.NaN, high: Number.NaN, confidence: 0 };
  // P(median below the (k+1)-th smallest) = P(Binomial(n, 1/2) <= k); take the innermost k that still covers.
  let term = 0.5 ** n;
  let tail = term;
  let rank = 0;
  let covered = Math.max(0, 1 - 2 * tail);
  for (let k = 1; k <= (n - 1) / 2; k++) {
    term *= (n - k + 1) / k;
    tail += term;
    if (1 - 2 * tail < confidence) break;
    rank = k;
    covered = 1 - 2 * tail;
  }
  return { low: sorted[rank] as number, high: sorted[n - 1 - rank] as number, confidence: covered };
}

/** Mean of the middle half: nearly as steady as the mean where the noise is mild, nearly as tough as the median where it is not. */
export function interquartileMean(values: readonly number[]): number {
  const sorted = ascending(values);
  const cut = Math.floor(sorted.length / 4);
  const middle = sorted.slice(cut, sorted.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
