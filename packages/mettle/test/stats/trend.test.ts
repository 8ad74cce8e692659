import { describe, expect, test } from 'vitest';
import { mannKendallZ } from '../../src/stats/index.ts';

describe('how surely values rise', () => {
  test('ten that only rise: all pairs, less one, by their standard deviation', () => {
    const values = Array.from({ length: 10 }, (_, i) => i);
    expect(mannKendallZ(values)).toBeCloseTo(44 / Math.sqrt(125), 6);
    expect(mannKendallZ(values.toReversed())).toBeCloseTo(-44 / Math.sqrt(125), 6);
  });

  test('level values and fewer than three say nothing', () => {
    expect(mannKendallZ([5, 5, 5, 5, 5])).toBe(0);
    expect(mannKendallZ([1, 2])).toBe(0);
  });
});
