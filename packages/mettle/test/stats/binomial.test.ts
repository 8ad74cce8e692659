import { describe, expect, it } from 'vitest';
import { binomialCdf, proportionLowerBound, proportionUpperBound } from '../../src/stats/index.ts';

describe('bounds of a proportion (Clopper–Pearson)', () => {
  it('agree with the closed forms at the edges', () => {
    // 0 of n: 1 - alpha^(1/n); n of n: alpha^(1/n).
    expect(proportionUpperBound(0, 20)).toBeCloseTo(1 - 0.05 ** (1 / 20), 9);
    expect(proportionLowerBound(20, 20)).toBeCloseTo(0.05 ** (1 / 20), 9);
    expect(proportionLowerBound(0, 20)).toBe(0);
    expect(proportionUpperBound(20, 20)).toBe(1);
  });
  it('are where the binomial tail equals alpha', () => {
    const upper = proportionUpperBound(7, 50);
    expect(binomialCdf(7, 50, upper)).toBeCloseTo(0.05, 8);
    const lower = proportionLowerBound(7, 50, 0.99);
    expect(1 - binomialCdf(6, 50, lower)).toBeCloseTo(0.01, 8);
  });
  it('of no trials say nothing', () => {
    expect(proportionLowerBound(0, 0)).toBe(0);
    expect(proportionUpperBound(0, 0)).toBe(1);
  });
  it('hold for many trials', () => {
    expect(proportionUpperBound(100, 10_000)).toBeCloseTo(0.01182, 4);
    expect(binomialCdf(5_000, 10_000, 0.5)).toBeCloseTo(0.50399, 4);
  });
});
