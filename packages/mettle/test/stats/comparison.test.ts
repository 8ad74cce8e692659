import { describe, expect, it } from 'vitest';
import {
  changePoints,
  errorOfLook,
  interquartileMean,
  meanBounds,
  ratioBounds,
  ratioBoundsBetween,
  seededRandom,
  studentTCdf,
  studentTUpperQuantile,
} from '../../src/stats/index.ts';

const normals = (seed: number): (() => number) => {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
};

describe("Student's t", () => {
  it('agrees with the tables', () => {
    expect(studentTUpperQuantile(0.025, 1)).toBeCloseTo(12.7062, 3);
    expect(studentTUpperQuantile(0.025, 10)).toBeCloseTo(2.22814, 4);
    expect(studentTUpperQuantile(0.005, 9)).toBeCloseTo(3.24984, 4);
    expect(studentTUpperQuantile(0.0005, 4)).toBeCloseTo(8.6103, 3);
    expect(studentTUpperQuantile(0.05, 1e6)).toBeCloseTo(1.64485, 4);
  });
  it('is the inverse of its distribution, for any tail and degrees', () => {
    for (const degrees of [1, 2.5, 7, 60, 500])
      for (const tail of [0.4, 0.05, 1e-3, 1e-6]) {
        const t = studentTUpperQuantile(tail, degrees);
        expect((1 - studentTCdf(t, degrees)) / tail).toBeCloseTo(1, 5);
        expect(studentTCdf(-t, degrees) / tail).toBeCloseTo(1, 8);
      }
  });
});

const alike = (values: readonly number[]): { value: number; standardError: null }[] =>
  values.map((value) => ({ value, standardError: null }));

describe('bounds of a ratio', () => {
  it('give a pair that the host spoiled little weight', () => {
    const good = [0.05, 0.048, 0.052, 0.051].map((value) => ({ value, standardError: 0.01 }));
    const spoiled = { value: 0.6, standardError: 0.5 };
    const { ratio, low } = ratioBounds([...good, spoiled], 0.01);
    expect(ratio).toBeCloseTo(1.051, 2);
    expect(low).toBeGreaterThan(1.02);
    expect(ratioBounds(alike([...good, spoiled].map(({ value }) => value)), 0.01).low).toBeLessThan(1);
  });
  it('with weights hold the true ratio as often as they say', () => {
    const normal = normals(6);
    let below = 0;
    for (let i = 0; i < 4000; i++) {
      const pairs = Array.from({ length: 9 }, (_, k) => {
        const standardError = k % 3 === 0 ? 0.2 : 0.02;
        return { value: 0.02 * normal() + standardError * normal(), standardError };
      });
      if (ratioBounds(pairs, 0.01).low > 1) below++;
    }
    expect(below / 4000).toBeLessThan(0.016);
  });
  it('hold the true ratio as often as they say', () => {
    const normal = normals(3);
    let below = 0;
    for (let i = 0; i < 4000; i++) {
      const { low } = ratioBounds(
        alike(Array.from({ length: 8 }, () => Math.log(1.1) + 0.05 * normal())),
        0.05,
      );
      if (low > 1.1) below++;
    }
    expect(below / 4000).toBeGreaterThan(0.04);
    expect(below / 4000).toBeLessThan(0.06);
  });
  it('are wider, not wrong, when some pairs are spoiled', () => {
    const normal = normals(4);
    let alarms = 0;
    for (let i = 0; i < 4000; i++) {
      const spoiled = (): number => (normal() > 1.3 ? normal() : 0.02 * normal());
      if (ratioBounds(alike(Array.from({ length: 10 }, spoiled)), 0.01).low > 1) alarms++;
    }
    expect(alarms / 4000).toBeLessThanOrEqual(0.011);
  });
  it('turn round with the ratio', () => {
    const logs = [0.1, 0.05, 0.12, 0.02];
    const there = ratioBounds(alike(logs), 0.01);
    const back = ratioBounds(alike(logs.map((value) => -value)), 0.01);
    expect(there.low * back.high).toBeCloseTo(1, 12);
    expect(there.ratio * back.ratio).toBeCloseTo(1, 12);
  });
  it('bound nothing with fewer than two pairs', () => {
    expect(ratioBounds(alike([0.5]), 0.01)).toMatchObject({ low: 0, high: Infinity });
    expect(ratioBoundsBetween([0.5], [0.1, 0.2], 0.01)).toMatchObject({ low: 0, high: Infinity });
  });
  it('between two groups see the difference of their levels', () => {
    const { low, high } = ratioBoundsBetween([0, 0.01, -0.01, 0.005], [0.2, 0.21, 0.19, 0.205], 0.01);
    expect(low).toBeGreaterThan(1.18);
    expect(high).toBeLessThan(1.27);
  });
});

describe('bounds of a mean', () => {
  it('are not certain of counts that happen to be equal', () => {
    expect(meanBounds([0, 0, 0], 0.01)).toMatchObject({ low: 0, high: 0 });
    const { low, high } = meanBounds([0, 0, 0], 0.01, 0.002);
    expect(low).toBeLessThan(-0.005);
    expect(high).toBeGreaterThan(0.005);
  });
});

describe('the error spent at looks', () => {
  it('adds up to the whole, however often one looks, most of it late', () => {
    for (const looks of [1, 5, 37]) {
      let spent = 0;
      for (let i = 1; i <= looks; i++) spent += errorOfLook(0.005, (i - 1) / looks, i / looks);
      expect(spent).toBeCloseTo(0.005, 12);
    }
    expect(errorOfLook(1, 0, 0.5)).toBe(0.25);
    expect(errorOfLook(1, 0.9, 0.4)).toBe(0);
  });
});

describe('the interquartile mean', () => {
  it('is moved neither by the largest nor by the smallest quarter', () => {
    expect(interquartileMean([1, 2, 3, 4, 5, 6, 7, 1e9])).toBe(4.5);
  });
});

describe('change points', () => {
  const noisy = (levels: readonly (readonly [number, number])[], seed = 7): number[] => {
    const normal = normals(seed);
    return levels.flatMap(([level, length]) => Array.from({ length }, () => level * (1 + 0.02 * normal())));
  };
  it('are found where the level changes, with the levels', () => {
    const found = changePoints(
      noisy([
        [10, 20],
        [11, 20],
        [9, 15],
      ]),
    );
    expect(found.map(({ index }) => index)).toEqual([20, 40]);
    expect(found[0]?.before).toBeCloseTo(10, 0);
    expect(found[0]?.after).toBeCloseTo(11, 0);
  });
  it('see a slow creep that no two neighbouring runs show', () => {
    const normal = normals(5);
    const creep = Array.from({ length: 40 }, (_, i) => 10 * 1.005 ** i * (1 + 0.02 * normal()));
    expect(changePoints(creep).length).toBeGreaterThan(0);
  });
  it('are not found in noise', () => {
    let alarms = 0;
    for (let seed = 1; seed <= 60; seed++) alarms += changePoints(noisy([[10, 40]], seed)).length;
    expect(alarms).toBeLessThanOrEqual(2);
  });
  it('are the same for the same seed, and none in a short history', () => {
    const values = noisy([
      [10, 12],
      [12, 12],
    ]);
    expect(changePoints(values, { seed: 3 })).toEqual(changePoints(values, { seed: 3 }));
    expect(changePoints([1, 2, 3])).toEqual([]);
  });
});
