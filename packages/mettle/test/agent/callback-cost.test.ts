import { describe, expect, it } from 'vitest';
import { measureMicrotaskUs } from '../../src/agent/callback-cost.ts';
import type { ThreadClock } from '../../src/agent/thread-clock.ts';

/** By this clock every round takes a millisecond of CPU, however long the host lets it last. */
const clockOf = (kind: ThreadClock['kind']): ThreadClock => ({
  kind,
  cpuMs: -1,
  hostDelayMs: -1,
  read() {
    this.cpuMs++;
  },
});
const inNobodysCall = (body: () => Promise<void>): Promise<void> => body();

describe('what a callback costs', () => {
  it('is measured in the thread’s CPU time, so that a starved host does not count', async () => {
    expect(await measureMicrotaskUs(inNobodysCall, clockOf('schedstat'))).toBeCloseTo(0.5, 10);
  });

  it('is measured by the time of day where the thread’s clock is none or takes long steps', async () => {
    const clock = clockOf('thread');
    expect(await measureMicrotaskUs(inNobodysCall, clock)).toBeGreaterThan(0);
    expect(clock.cpuMs).toBe(-1);
  });
});
