import type { Interval } from './order.ts';

/** Normal quantiles of the confidences in use. */
const Z: Readonly<Record<string, number>> = { '0.9': 1.6449, '0.95': 1.96, '0.99': 2.5758 };

/**
 * Two-sided confidence interval of the q-quantile from order statistics: ranks between which the true quantile lies,
 * by the binomial distribution (Hahn & Meeker, Statistical Intervals, 1991, §5.2; normal approximation of the ranks as
 * in Le Boudec, Performance Evaluation, 2010, §2.2.3). `designEffect` divides the number of values: 1 for independent
 * ones, more for values that go together. Null when there are too few values for a rank on either side.
 */
export function quantileInterval(
  sorted: ArrayLike<number>,
  q: number,
  {
    confidence = 0.95,
    designEffect: effect = 1,
  }: { readonly confidence?: number; readonly designEffect?: number } = {},
): Interval | null {
  const n = sorted.length;
  const z = Z[String(confidence)] ?? 1.96;
  const half = z * Math.sqrt(n * q * (1 - q) * Math.max(1, effect));
  // Ranks counted from 1; the upper one is one beyond, so that the interval is closed.
  const low = Math.floor(n * q - half);
  const high = Math.ceil(n * q + half) + 1;
  if (low < 1 || high > n) return null;
  return { low: sorted[low - 1] as number, high: sorted[high - 1] as number, confidence };
}

/**
 * How much more the share of values above `threshold` varies from part to part of a sequence than it would among
 * independent values: the design effect of that share, at least 1. Parts are consecutive stretches of equal length.
 */
export function designEffect(values: ArrayLike<number>, threshold: number, parts: number): number {
  const size = Math.floor(values.length / parts);
  if (size < 2) return 1;
  const shares: number[] = [];
  for (let part = 0; part < parts; part++) {
    let above = 0;
    for (let i = part * size; i < (part + 1) * size; i++) if ((values[i] as number) > threshold) above++;
    shares.push(above / size);
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / parts;
  if (mean <= 0 || mean >= 1) return 1;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (parts - 1);
  return Math.max(1, (variance * size) / (mean * (1 - mean)));
}
