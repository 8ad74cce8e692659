import { median } from './order.ts';
import { studentTUpperQuantile } from './student-t.ts';

/** A ratio with a one-sided bound on each side: the true one is below `low` with at most probability `error`, and above `high` with the same. */
export interface RatioBounds {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly error: number;
  /** Independent values that it rests on. */
  readonly pairs: number;
}

/** A logarithm of a ratio, and how exactly it is known by itself; null: as exactly as pairs usually are. */
export interface LogRatio {
  readonly value: number;
  readonly standardError: number | null;
}

/**
 * What two processes of one program differ by for good, as a logarithm: however exactly a pair is measured, it says no more
 * of the next pair than this.
 */
const BETWEEN_PROCESSES = 0.02;

/**
 * The ratio that independent logarithms of ratios agree upon, by Student's t, each with the weight of what it knows
 * (Hartung & Knapp 2001): a pair that the host spoiled counts less, and heavy tails widen the bounds rather than break
 * them. Fewer than two values bound nothing.
 */
export function ratioBounds(logRatios: readonly LogRatio[], error: number): RatioBounds {
  const count = logRatios.length;
  const known = logRatios.flatMap(({ standardError }) => standardError ?? []);
  const usual = known.length === 0 ? 0 : median(known);
  const weights = logRatios.map(
    ({ standardError }) => 1 / ((standardError ?? usual) ** 2 + BETWEEN_PROCESSES ** 2),
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = logRatios.reduce((sum, { value }, i) => sum + value * (weights[i] as number), 0) / whole;
  const squares = logRatios.reduce(
    (sum, { value }, i) => sum + (weights[i] as number) * (value - mean) ** 2,
    0,
  );
  const reach =
    count < 2
      ? Infinity
      : studentTUpperQuantile(error, count - 1) * Math.sqrt(squares / ((count - 1) * whole));
  return bounded(mean, reach, error, count);
}

/**
 * The ratio between two groups of independent logarithms, such as of two days (Welch's t, which lets the groups
 * scatter differently): second over first.
 */
export function ratioBoundsBetween(
  first: readonly number[],
  second: readonly number[],
  error: number,
): RatioBounds {
  const [a, b] = [momentsOf(first), momentsOf(second)];
  const pairs = Math.min(a.count, b.count);
  if (pairs < 2) return bounded(b.mean - a.mean, Infinity, error, pairs);
  const [va, vb] = [a.standardError ** 2, b.standardError ** 2];
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.count - 1) + vb ** 2 / (b.count - 1));
  // Two groups without any scatter have no degrees of freedom to speak of, nor need of them.
  const quantile = Number.isFinite(degrees) ? studentTUpperQuantile(error, degrees) : 0;
  return bounded(b.mean - a.mean, quantile * Math.sqrt(va + vb), error, pairs);
}

/**
 * Mean of values with a one-sided bound on each side, by Student's t. `grain`: how exactly a value can be known at best;
 * counts that happen to be equal are not certain for it.
 */
export function meanBounds(
  values: readonly number[],
  error: number,
  grain = 0,
): { readonly mean: number; readonly low: number; readonly high: number } {
  const { mean, standardError, count } = momentsOf(values);
  const least = grain / Math.sqrt(count);
  const reach =
    count < 2 ? Infinity : studentTUpperQuantile(error, count - 1) * Math.max(standardError, least);
  return { mean, low: mean - reach, high: mean + reach };
}

function bounded(logRatio: number, reach: number, error: number, pairs: number): RatioBounds {
  return {
    ratio: Math.exp(logRatio),
    low: Math.exp(logRatio - reach),
    high: Math.exp(logRatio + reach),
    error,
    pairs,
  };
}

function momentsOf(values: readonly number[]): {
  readonly mean: number;
  readonly standardError: number;
  readonly count: number;
} {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: count < 2 ? Number.NaN : Math.sqrt(squares / (count - 1) / count), count };
}
