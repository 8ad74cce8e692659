import { describe, expect, it } from 'vitest';
import { designEffect, quantileInterval, seededRandom } from '../../src/stats/index.ts';

describe('the interval of a quantile', () => {
  it('holds the true quantile about as often as it says', () => {
    const random = seededRandom(3);
    for (const q of [0.5, 0.9, 0.99]) {
      let held = 0;
      for (let trial = 0; trial < 400; trial++) {
        const sorted = Float64Array.from({ length: 2000 }, random).sort();
        const interval = quantileInterval(sorted, q);
        if (interval !== null && interval.low <= q && q <= interval.high) held++;
      }
      // 95 % of 400 is 380; four standard deviations of a binomial are 18.
      expect(held).toBeGreaterThan(361);
    }
  });

  it('is not given where too few values lie beyond', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i);
    expect(quantileInterval(hundred, 0.5)).not.toBeNull();
    expect(quantileInterval(hundred, 0.99)).toBeNull();
    expect(quantileInterval([], 0.5)).toBeNull();
  });

  it('widens with the design effect', () => {
    const sorted = Array.from({ length: 10_000 }, (_, i) => i);
    const width = (effect: number): number => {
      const interval = quantileInterval(sorted, 0.9, { designEffect: effect });
      return (interval?.high ?? 0) - (interval?.low ?? 0);
    };
    expect(width(4) / width(1)).toBeCloseTo(2, 1);
  });
});

describe('the design effect', () => {
  it('is about 1 for independent values and large for values that go together', () => {
    const random = seededRandom(5);
    const independent = Array.from({ length: 16_000 }, random);
    expect(designEffect(independent, 0.9, 16)).toBeLessThan(3);
    // One bad second in sixteen.
    const burst = independent.map((value, i) => (i >= 4000 && i < 5000 ? 0.95 : value * 0.9));
    expect(designEffect(burst, 0.9, 16)).toBeGreaterThan(100);
  });
});
