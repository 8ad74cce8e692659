import { median } from './order.ts';

/**
 * Theil–Sen slope of y over x: the median of the slopes of all pairs, so that a third of the points may be
 * outliers. NaN with fewer than two different x. The work is quadratic: meant for hundreds of points.
 */
export function theilSenSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes: number[] = [];
  for (const [i, [x1, y1]] of points.entries()) {
    for (let j = i + 1; j < points.length; j++) {
      const [x2, y2] = points[j] as readonly [number, number];
      if (x2 !== x1) slopes.push((y2 - y1) / (x2 - x1));
    }
  }
  return median(slopes);
}

/**
 * How surely values rise one after the other, in standard deviations, whatever the shape of the rise (Mann and Kendall,
 * with continuity correction). 0 with fewer than three. The work is quadratic.
 */
export function mannKendallZ(values: readonly number[]): number {
  const count = values.length;
  if (count < 3) return 0;
  let score = 0;
  for (const [i, first] of values.entries())
    for (let j = i + 1; j < count; j++) score += Math.sign((values[j] as number) - first);
  const variance = (count * (count - 1) * (2 * count + 5)) / 18;
  return (score - Math.sign(score)) / Math.sqrt(variance);
}
