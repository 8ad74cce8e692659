import { CONTROL_EPOCH_MS } from '../control-protocol.ts';
import { native } from './natives.ts';
import { silently } from '../silently.ts';

/*
 * Clocks of a target under control: in 2032, so that what was read from them can be told in any answer or file, and in a
 * trial the same in every schedule but for its timers.
 */

/** What a monotonic clock shows when a trial begins. */
const MONOTONIC_START_MS = 1_000_000;
/** Code that reads the clock so often between two steps waits for it to go on: from then on it does. */
const READINGS_BEFORE_IT_MOVES = 1_000;
const MS_PER_READING = 0.1;

const clock = {
  on: false,
  /** Virtual time: how far timers have come. */
  virtualMs: 0,
  /** Added for calls that came one after the other, so that they do not all happen in one millisecond. */
  betweenCallsMs: 0,
  /** Added for code that waits by reading the clock. */
  spunMs: 0,
  readings: 0,
  /** While nothing is controlled: what the clock showed, and since when. */
  restMs: CONTROL_EPOCH_MS,
  restSinceMs: native.performanceNow(),
};

export function startVirtualTime(): void {
  clock.on = true;
  clock.virtualMs = 0;
  clock.betweenCallsMs = 0;
  clock.spunMs = 0;
  clock.readings = 0;
}

export function stopVirtualTime(): void {
  if (!clock.on) return;
  clock.restMs = CONTROL_EPOCH_MS + sinceStartMs();
  clock.restSinceMs = native.performanceNow();
  clock.on = false;
}

/** How far timers have come in this trial. */
export function virtualNowMs(): number {
  return clock.virtualMs;
}

export function advanceTo(dueMs: number): void {
  clock.virtualMs = Math.max(clock.virtualMs, dueMs);
}

/** A step begins. */
export function clockRests(): void {
  clock.readings = 0;
}

/** A call begins while no other is under way: in life some time would have passed. */
export function timePassesBetweenCalls(): void {
  clock.betweenCallsMs++;
}

function sinceStartMs(): number {
  return clock.virtualMs + clock.betweenCallsMs + clock.spunMs;
}

function readVirtual(): number {
  if (++clock.readings > READINGS_BEFORE_IT_MOVES) clock.spunMs += MS_PER_READING;
  return sinceStartMs();
}

function wallMs(): number {
  const ms = clock.on
    ? CONTROL_EPOCH_MS + readVirtual()
    : clock.restMs + native.performanceNow() - clock.restSinceMs;
  return Math.floor(ms);
}

/** Masks the clocks of the process, for as long as it lives. */
export function maskClocks(): void {
  silently(maskDate);
  silently(() => {
    performance.now = () => (clock.on ? MONOTONIC_START_MS + readVirtual() : native.performanceNow());
  });
  silently(maskHrtime);
  silently(maskTemporal);
}

function maskDate(): void {
  const NativeDate = native.Date;
  const now = (): number => wallMs();
  const Masked = new Proxy(NativeDate, {
    construct: (target, args: unknown[], newTarget: DateConstructor) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new NativeDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
  });
  NativeDate.prototype.constructor = Masked;
  globalThis.Date = Masked;
}

function maskHrtime(): void {
  const bigint = native.hrtime.bigint.bind(native.hrtime);
  const masked = (since?: [number, number]): [number, number] => {
    if (!clock.on) return native.hrtime(since);
    const ns = Math.round((MONOTONIC_START_MS + readVirtual()) * 1e6);
    const read: [number, number] = [Math.floor(ns / 1e9), ns % 1e9];
    if (since === undefined) return read;
    const seconds = read[0] - since[0];
    const rest = read[1] - since[1];
    return rest < 0 ? [seconds - 1, rest + 1e9] : [seconds, rest];
  };
  process.hrtime = Object.assign(masked, {
    bigint: () =>
      clock.on ? BigInt(Math.round((MONOTONIC_START_MS + readVirtual()) * 1e3)) * 1000n : bigint(),
  });
}

interface TemporalNow {
  instant: () => unknown;
}

/** Node 26 has a clock more. Its other forms (`plainDateISO` …) are not masked. */
function maskTemporal(): void {
  const { Temporal } = globalThis as {
    Temporal?: { Now: TemporalNow; Instant: { fromEpochMilliseconds(ms: number): unknown } };
  };
  if (Temporal === undefined) return;
  Temporal.Now.instant = () => Temporal.Instant.fromEpochMilliseconds(wallMs());
}
