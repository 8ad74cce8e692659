/** One reading. */
export interface Reading {
  readonly atMs: number;
  readonly bytes: number;
}

/** The slope that half of all pairs are above: a few outliers do not move it (Theil and Sen). */
export function bytesPerMs(readings: readonly Reading[]): number {
  const slopes: number[] = [];
  for (const [at, first] of readings.entries()) {
    for (const second of readings.slice(at + 1)) {
      if (second.atMs > first.atMs) slopes.push((second.bytes - first.bytes) / (second.atMs - first.atMs));
    }
  }
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  if (slopes.length === 0) return 0;
  const upper = slopes[middle] as number;
  return slopes.length % 2 === 1 ? upper : ((slopes[middle - 1] as number) + upper) / 2;
}

/** How surely readings rise, in standard deviations, whatever the shape of the rise (Mann and Kendall). */
export function risingZ(readings: readonly Reading[]): number {
  const count = readings.length;
  if (count < 3) return 0;
  let score = 0;
  for (const [at, first] of readings.entries()) {
    for (const second of readings.slice(at + 1)) score += Math.sign(second.bytes - first.bytes);
  }
  const variance = (count * (count - 1) * (2 * count + 5)) / 18;
  return (score - Math.sign(score)) / Math.sqrt(variance);
}
