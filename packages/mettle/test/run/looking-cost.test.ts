import { describe, expect, it } from 'vitest';
import type { LatencyRecord } from '../../src/evidence/index.ts';
import { measureLookingCost } from '../../src/run/looking-cost.ts';
import type { Looking } from '../../src/run/looking-cost.ts';
import { monotonicMs } from '../../src/session/index.ts';

/** A server whose no-op takes 40 µs of CPU, and `addedUs` more while it is watched; its host gets slower and faster. */
function serverOf({ addedUs = 20, outcome = 'result', clock = true } = {}): Looking {
  const state = { on: false, cpuMs: 0, calls: 0, started: 0 };
  const speed = (): number => 1 + Math.sin(state.calls / 500) / 4;
  const source = { subject: { kind: 'tool', name: 'noop', method: 'tools/call' }, arguments: [{}] };
  const record = {
    subject: source.subject,
    outcomes: { calls: 10, errors: 0, errorKinds: {}, firstError: null },
    latencyMs: { p50: 0.2 },
    mainCpuMsPerCall: 0.04,
  };
  return {
    context: {
      session: {
        request: () => {
          state.calls++;
          state.cpuMs += ((40 + (state.on ? addedUs : 0)) * speed()) / 1000;
          return Promise.resolve({ outcome });
        },
      },
      clock: { mainThread: () => (clock ? { cpuMs: state.cpuMs, hostDelayMs: 0 } : null) },
      signal: new AbortController().signal,
      callTimeoutMs: 1000,
    },
    agent: {
      start: () => {
        state.on = true;
        return Promise.resolve();
      },
      stop: () => {
        state.on = false;
        return Promise.resolve({});
      },
    },
    sources: [{ ...source, call: () => ({ method: 'tools/call', params: { name: 'noop' } }) }],
    alone: [record as unknown as LatencyRecord],
    inFlight: 8,
    untilMs: monotonicMs() + 5000,
    leastPairsUntilMs: monotonicMs() + 5000,
  } as unknown as Looking;
}

describe('what looking costs', () => {
  it('is the difference between windows with and without, whatever the host does meanwhile', async () => {
    const cost = await measureLookingCost(serverOf());
    expect(cost).toMatchObject({ measured: true, subject: 'noop', inFlight: 8 });
    if (!cost.measured) return;
    expect(cost.addedUs.median).toBeGreaterThan(13);
    expect(cost.addedUs.median).toBeLessThan(27);
    expect(cost.addedUs.low).toBeLessThanOrEqual(cost.addedUs.median);
    expect(cost.addedUs.high).toBeGreaterThanOrEqual(cost.addedUs.median);
    expect(cost.factor).toBeCloseTo(1.5, 1);
    expect(cost.pairs).toBeGreaterThanOrEqual(6);
  });

  it.each([
    ['there is no clock', serverOf({ clock: false }), /cannot be read from outside/],
    ['there is no time', { ...serverOf(), untilMs: monotonicMs() }, /take too long for 6 pairs/],
    ['calls fail', serverOf({ outcome: 'error' }), /failed/],
    ['nothing can be called again and again', { ...serverOf(), sources: [] }, /no call could be repeated/],
  ])('is not measured, and says why, when %s', async (_, server, why) => {
    const cost = await measureLookingCost(server);
    expect(cost.measured).toBe(false);
    expect('why' in cost ? cost.why : '').toMatch(why);
  });
});
