import { describe, expect, it } from 'vitest';
import { codes } from '../../../src/load/leak/codes.ts';

describe('codes of leak rounds', () => {
  it('are in no proportion to each other, nor small multiples of them', () => {
    const all = codes({ subjects: 60, rounds: 3, seed: 7, fewest: () => 9 });
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1))
        for (const times of [1, 2, 3]) expect(a.every((count, r) => count * times === b[r])).toBe(false);
  });

  it('differ from round to round, so that not every steady growth looks like them', () => {
    for (const code of codes({ subjects: 20, rounds: 3, seed: 1, fewest: () => 9 }))
      expect(Math.max(...code) / Math.min(...code)).toBeGreaterThanOrEqual(1.4);
  });

  it('are smaller for subjects whose calls take long', () => {
    const [slow, quick] = codes({ subjects: 2, rounds: 3, seed: 1, fewest: (i) => (i === 0 ? 3 : 9) });
    expect(Math.max(...(slow ?? []))).toBeLessThan(12);
    expect(Math.min(...(quick ?? []))).toBeGreaterThanOrEqual(9);
  });

  it('are the same for the same seed', () => {
    const of = (seed: number): unknown => codes({ subjects: 5, rounds: 3, seed, fewest: () => 9 });
    expect(of(3)).toEqual(of(3));
    expect(of(3)).not.toEqual(of(4));
  });
});
