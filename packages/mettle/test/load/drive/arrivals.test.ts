import { describe, expect, it } from 'vitest';
import { arrivals, durationOf } from '../../../src/load/drive/arrivals.ts';
import { seededRandom } from '../../../src/stats/index.ts';

type Stages = Parameters<typeof arrivals>[0]['stages'];

function times(stages: Stages, kind: 'constant' | 'poisson' = 'constant'): number[] {
  return [...arrivals({ arrivals: kind, stages }, seededRandom(7))];
}
const level = (durationMs: number, perSecond: number): Stages[number] => ({
  durationMs,
  fromPerSecond: perSecond,
  toPerSecond: perSecond,
});

describe('the schedule of an open loop', () => {
  it('spaces a constant rate evenly and fills its time', () => {
    const at = times([level(1000, 4)]);
    expect(at).toEqual([125, 375, 625, 875]);
  });

  it('makes as many calls on a ramp as the mean of its rates, denser towards the higher one', () => {
    const at = times([{ durationMs: 10_000, fromPerSecond: 0.001, toPerSecond: 20 }]);
    expect(at.length).toBe(100);
    const firstHalf = at.filter((ms) => ms < 5000).length;
    expect(firstHalf).toBe(25);
    expect(at.every((ms, i) => i === 0 || ms > (at[i - 1] as number))).toBe(true);
  });

  it('goes down a ramp too', () => {
    const at = times([{ durationMs: 10_000, fromPerSecond: 20, toPerSecond: 0.001 }]);
    expect(at.length).toBe(100);
    expect(at.filter((ms) => ms < 5000).length).toBe(75);
  });

  it('carries on from stage to stage, so that a spike stands where it was put', () => {
    const stages = [level(4000, 5), level(2000, 50), level(4000, 5)];
    const at = times(stages);
    expect(at.filter((ms) => ms >= 4000 && ms < 6000).length).toBe(100);
    expect(at.length).toBe(140);
    expect(durationOf({ stages })).toBe(10_000);
  });

  it('draws poisson arrivals at random, with the same mean, the same for the same seed', () => {
    const at = times([level(20_000, 100)], 'poisson');
    expect(at).toEqual(times([level(20_000, 100)], 'poisson'));
    // Four standard deviations of a Poisson count.
    expect(Math.abs(at.length - 2000)).toBeLessThan(4 * Math.sqrt(2000));
    const gaps = at.slice(1).map((ms, i) => ms - (at[i] as number));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.9);
  });
});
