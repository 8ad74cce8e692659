import { describe, expect, it } from 'vitest';
import {
  median,
  medianAbsoluteDeviation,
  medianInterval,
  quantile,
  seededRandom,
  shuffled,
  seedFor,
  theilSenSlope,
} from '../../src/stats/index.ts';

describe('quantiles', () => {
  it('interpolate between neighbours and clamp outside 0 to 1', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30], 0.25)).toBe(15);
    expect(quantile([10, 20, 30], 2)).toBe(30);
    expect(quantile([7], 0.99)).toBe(7);
  });
  it('of nothing are NaN', () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(median([])).toBeNaN();
  });
  it('take values in any order and leave them as they were', () => {
    const values = [9, 1, 5];
    expect(median(values)).toBe(5);
    expect(values).toEqual([9, 1, 5]);
  });
});

it('the median absolute deviation ignores one wild value', () => {
  expect(medianAbsoluteDeviation([1, 2, 3, 4, 1_000_000])).toBe(1);
});

describe('the interval of a median', () => {
  it('for 10 values at 95 % is the 2nd to the 9th, covering 97.9 %', () => {
    const interval = medianInterval([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(interval).toMatchObject({ low: 2, high: 9 });
    expect(interval.confidence).toBeCloseTo(0.97852, 4);
  });
  it('for 5 values is the whole range and says that it covers 93.75 % only', () => {
    expect(medianInterval([5, 1, 4, 2, 3])).toEqual({ low: 1, high: 5, confidence: 0.9375 });
  });
  it('covers the true median about as often as it promises', () => {
    const random = seededRandom(11);
    let covered = 0;
    for (let run = 0; run < 2000; run++) {
      const interval = medianInterval(Array.from({ length: 15 }, () => -Math.log(1 - random())));
      if (interval.low <= Math.LN2 && Math.LN2 <= interval.high) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.94);
    expect(covered / 2000).toBeLessThan(0.985);
  });
});

describe('the Theil–Sen slope', () => {
  it('is exact on a line', () => {
    expect(
      theilSenSlope([
        [0, 5],
        [1, 7],
        [2, 9],
        [10, 25],
      ]),
    ).toBe(2);
  });
  it('survives a quarter of outliers', () => {
    const points = Array.from({ length: 40 }, (_, x): [number, number] => [x, x % 4 === 0 ? 10_000 : 3 * x]);
    expect(theilSenSlope(points)).toBeCloseTo(3, 6);
  });
  it('of one x is NaN', () => {
    expect(
      theilSenSlope([
        [1, 1],
        [1, 2],
      ]),
    ).toBeNaN();
  });
});

describe('seeded random', () => {
  it('repeats with the seed and differs without', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(seedFor(1, 'a')).not.toBe(seedFor(1, 'b'));
    expect(seedFor(1, 'a')).not.toBe(seedFor(2, 'a'));
  });
  it('shuffles without loss', () => {
    const out = shuffled([1, 2, 3, 4, 5, 6], seededRandom(3));
    expect(out).not.toEqual([1, 2, 3, 4, 5, 6]);
    expect([...out].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
