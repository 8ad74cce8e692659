import { expect, it } from 'vitest';
import { sampleCalls } from '../../src/derive/sample-calls.ts';
import type { RawBlocking } from '../../src/derive/stack-join.ts';
import { profileOf } from '../builders/cpu-profile.ts';

const EVERY_10_MS = Array.from({ length: 10 }, () => 10_000);

/** One call's slice of 100 ms with the given clocks, sampled every 10 ms; the profile begins 1 ms into the clock. */
function slice(
  stack: readonly string[],
  clocks: { readonly cpuMs: number; readonly hostDelayMs: number },
): RawBlocking {
  const { profile } = profileOf([['a', stack, EVERY_10_MS]]);
  return {
    subjects: ['', 'a'],
    calls: [0, 1],
    onThreadMs: [0, 100],
    cpuMs: [0, clocks.cpuMs],
    gcMs: [0, 0],
    slices: {
      subject: [1],
      call: [7],
      startedAtMs: [1],
      wallMs: [100],
      cpuMs: [clocks.cpuMs],
      hostDelayMs: [clocks.hostDelayMs],
    },
    droppedSlices: 0,
    gc: { startedAtMs: [], durationMs: [] },
    cpuClock: 'schedstat',
    observedMs: 200,
    profile,
    profileOffsetUs: 0,
  };
}
const totalMs = (raw: RawBlocking): number =>
  sampleCalls(raw).sampleNetUs.reduce((sum, us) => sum + us, 0) / 1000;

it('gives each sample the call whose slice it fell into', () => {
  expect(new Set(sampleCalls(slice(['work@@a.js:1'], { cpuMs: 100, hostDelayMs: 0 })).sampleCalls)).toEqual(
    new Set([7]),
  );
});

it('takes out what the host, and anything else that is no CPU, took of a computing slice', () => {
  expect(totalMs(slice(['work@@a.js:1'], { cpuMs: 30, hostDelayMs: 60 }))).toBeCloseTo(30);
});

it('takes out only the host’s delay where the slice waits in a synchronous call', () => {
  expect(
    totalMs(
      slice(['work@@a.js:1', 'execFileSync@@node:child_process:900', 'spawn'], { cpuMs: 5, hostDelayMs: 20 }),
    ),
  ).toBeCloseTo(80);
});

it('keeps the time as it is where no clock tells', () => {
  expect(totalMs(slice(['work@@a.js:1'], { cpuMs: -1, hostDelayMs: -1 }))).toBeCloseTo(100);
});

it('gives no call to what fell between slices', () => {
  const raw = slice(['work@@a.js:1'], { cpuMs: 100, hostDelayMs: 0 });
  const apart = { ...raw, slices: { ...raw.slices, startedAtMs: [500] } };
  expect(new Set(sampleCalls(apart).sampleCalls)).toEqual(new Set([0]));
});
