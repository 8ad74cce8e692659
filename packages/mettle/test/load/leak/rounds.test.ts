import { describe, expect, it } from 'vitest';
import { runRound } from '../../../src/load/leak/rounds.ts';
import type { LeakDriver } from '../../../src/load/index.ts';
import { monotonicMs } from '../../../src/session/clock.ts';

const tallies = (): { calls: number; errors: number; firstError: string | null }[] =>
  Array.from({ length: 2 }, () => ({ calls: 0, errors: 0, firstError: null }));

const options = {
  mode: 'fresh',
  inFlight: 4,
  random: () => 0.5,
  signal: new AbortController().signal,
} as const;

function driver(name: string, run: LeakDriver['run']): LeakDriver {
  return {
    subject: { name, kind: 'tool', manner: 'answered' },
    freshArguments: false,
    requests: 1,
    run,
  };
}

describe('a round of calls', () => {
  it('says how many calls were made of each: all of them when there is time', async () => {
    const drivers = [driver('a', async () => null), driver('b', async () => 'it failed')];
    const counted = tallies();
    const made = await runRound(drivers, [7, 3], counted, { ...options, deadlineMs: monotonicMs() + 60_000 });
    expect(made).toEqual([7, 3]);
    expect(counted).toEqual([
      { calls: 7, errors: 0, firstError: null },
      { calls: 3, errors: 3, firstError: 'it failed' },
    ]);
  });

  it('begins no call after its deadline, and counts those that were made', async () => {
    let deadlineMs = Number.POSITIVE_INFINITY;
    let made = 0;
    const slow = driver('slow', async () => {
      // As if the fifth call had used up the time.
      if (++made === 5) moved.deadlineMs = 0;
      await Promise.resolve();
      return null;
    });
    const moved = {
      ...options,
      inFlight: 1,
      get deadlineMs() {
        return deadlineMs;
      },
      set deadlineMs(ms: number) {
        deadlineMs = ms;
      },
    };
    const counted = tallies();
    expect(await runRound([slow], [40], counted, moved)).toEqual([5]);
    expect(counted[0]?.calls).toBe(5);
  });

  it('gives calls under way little longer than the round itself has', async () => {
    const patience: number[] = [];
    const patient = driver('patient', async (_mode, patienceMs) => {
      patience.push(patienceMs);
      return null;
    });
    await runRound([patient], [1], tallies(), { ...options, deadlineMs: monotonicMs() + 5000 });
    expect(patience[0]).toBeGreaterThan(5000);
    expect(patience[0]).toBeLessThanOrEqual(6000);
  });
});
