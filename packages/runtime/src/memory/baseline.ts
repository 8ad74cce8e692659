import { ring } from './ring.ts';
import type { Ring } from './ring.ts';
import { bytesPerMs, risingZ } from './trend.ts';
import type { Reading } from './trend.ts';

/** Memory that grows and does not come back. */
export interface MemoryAlarm {
  /** What grows: the JavaScript heap after garbage collections, or memory outside of it (buffers, native code). */
  readonly what: 'heap' | 'external';
  readonly bytes: number;
  readonly growthBytesPerHour: number;
  readonly limitBytes: number;
  /** At this rate; undefined when it will not be reached in a year. */
  readonly hoursLeft: number | undefined;
  /** How long it was watched. */
  readonly observedHours: number;
  /** One sentence with the figures. */
  readonly message: string;
}

/** Intervals kept: at one a minute four hours, enough to see 1 MiB per hour. */
const KEPT = 240;
/** Intervals to have seen: a server that warms up grows for its first minutes. */
const LEAST = 20;
/** How sure, in standard deviations: one false alarm in about a thousand looks at a level series. */
const SURE_Z = 3;
/** And the newer half must rise by itself (one-sided 95 %): a cache that has filled up is no leak. */
const SURE_Z_NEWER = 1.64;
/** Less growth than this over the whole time is noise: single readings jump by a quarter MiB even after collections. */
const NOISE_BYTES = 2 * 2 ** 20;
const HOUR_MS = 3_600_000;
const YEAR_HOURS = 8766;

/** The least reading of each interval, and whether these rise. */
export class Baseline {
  readonly #what: MemoryAlarm['what'];
  readonly #intervalMs: number;
  readonly #lows: Ring<Reading> = ring(KEPT);
  #low: Reading | undefined;

  constructor(what: MemoryAlarm['what'], intervalMs: number) {
    this.#what = what;
    this.#intervalMs = intervalMs;
  }

  /** The least reading of the last complete interval. */
  get bytes(): number | undefined {
    return this.#lows.newest?.bytes;
  }

  add(atMs: number, bytes: number): void {
    if (this.#low === undefined || atMs - this.#low.atMs >= this.#intervalMs) {
      if (this.#low !== undefined) this.#lows.push(this.#low);
      this.#low = { atMs, bytes };
    } else if (bytes < this.#low.bytes) {
      this.#low = { atMs: this.#low.atMs, bytes };
    }
  }

  /** Tells of growth that is sure; undefined while there is none. */
  alarm(limitBytes: number): MemoryAlarm | undefined {
    const readings = this.#lows.toArray();
    const [first, last] = [readings[0], readings.at(-1)];
    if (readings.length < LEAST || first === undefined || last === undefined) return undefined;
    if (risingZ(readings) < SURE_Z || risingZ(readings.slice(readings.length >> 1)) < SURE_Z_NEWER)
      return undefined;
    const perMs = bytesPerMs(readings);
    if (perMs * (last.atMs - first.atMs) < NOISE_BYTES) return undefined;

    const growthBytesPerHour = perMs * HOUR_MS;
    const hours = Math.max(0, limitBytes - last.bytes) / growthBytesPerHour;
    const hoursLeft = hours < YEAR_HOURS ? hours : undefined;
    const observedHours = (last.atMs - first.atMs) / HOUR_MS;
    const figures = {
      what: this.#what,
      bytes: last.bytes,
      growthBytesPerHour,
      limitBytes,
      hoursLeft,
      observedHours,
    };
    return { ...figures, message: sentence(figures) };
  }
}

function sentence(alarm: Omit<MemoryAlarm, 'message'>): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const what = alarm.what === 'heap' ? 'The heap after garbage collections' : 'Memory outside the heap';
  const left =
    alarm.hoursLeft === undefined
      ? ''
      : `; ${alarm.hoursLeft.toFixed(1)} hours are left before the limit of ${mib(alarm.limitBytes)}`;
  return `${what} grows by ${mib(alarm.growthBytesPerHour)} per hour, now ${mib(alarm.bytes)}, seen for ${alarm.observedHours.toFixed(1)} hours${left}`;
}
