import { getHeapStatistics } from 'node:v8';
import { requireNumber } from '../errors.ts';
import { Baseline } from './baseline.ts';
import type { MemoryAlarm } from './baseline.ts';
import { afterFullCollections } from './collections.ts';
import { containerLimitBytes, heapCeilingBytes } from './limits.ts';
import { snapshotWithin } from './snapshot.ts';
import type { SnapshotOptions } from './snapshot.ts';

/** How memory is watched. */
export interface MemoryWatchOptions {
  /** Between two lines of the log; 60,000 ms by default. */
  readonly everyMs?: number;
  /** Where lines go; stderr by default, never stdout: that belongs to the protocol. False for no log. */
  readonly write?: ((line: string) => void) | false;
  /** Told when memory grows and does not come back; also logged. */
  readonly onAlarm?: (alarm: MemoryAlarm) => void;
  /** Writes a heap snapshot with the first alarm, within these bounds; not by default. */
  readonly snapshot?: SnapshotOptions;
}

/** A watch that runs. */
export interface MemoryWatch {
  /** The heap after the last full garbage collections; undefined until there was one. */
  readonly baselineBytes: number | undefined;
  readonly alarm: MemoryAlarm | undefined;
  stop(): void;
}

/** An alarm is repeated when the rest of time has halved: often enough to be heard, seldom enough to be read. */
const REPEAT_AT = 0.5;

/** Writes the memory of the process as one JSON line now and then, and raises an alarm when it grows for good. */
export function watchMemory(options: MemoryWatchOptions = {}): MemoryWatch {
  const watch = new Watch(options);
  watch.start();
  return watch;
}

class Watch implements MemoryWatch {
  alarm: MemoryAlarm | undefined;
  readonly #everyMs: number;
  readonly #options: MemoryWatchOptions;
  readonly #heap: Baseline;
  readonly #external: Baseline;
  #timer: NodeJS.Timeout | undefined;
  #forget: (() => void) | undefined;
  #alarmedAtHours = Infinity;
  #snapshotTried = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#everyMs = requireNumber('everyMs', options.everyMs ?? 60_000, 10, 2 ** 31 - 1);
    this.#heap = new Baseline('heap', this.#everyMs);
    this.#external = new Baseline('external', this.#everyMs);
  }

  get baselineBytes(): number | undefined {
    return this.#heap.bytes;
  }

  start(): void {
    this.#forget = afterFullCollections(() => {
      const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
      this.#heap.add(performance.now(), heapBytes);
      this.#external.add(performance.now(), externalBytes);
    });
    this.#timer = setInterval(() => this.#look(), this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#forget?.();
  }

  #look(): void {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    this.#write({
      mettle: 'memory',
      at: new Date().toISOString(),
      uptimeS: Math.round(process.uptime()),
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      heapBaselineBytes: this.baselineBytes ?? null,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    });
    const outside = containerLimitBytes();
    const found =
      this.#heap.alarm(heapCeilingBytes()) ??
      this.#external.alarm(outside === undefined ? Infinity : outside - heapUsed);
    if (found !== undefined) this.#raise(found);
    else this.alarm = undefined;
  }

  #raise(alarm: MemoryAlarm): void {
    const hours = alarm.hoursLeft ?? Number.MAX_VALUE;
    const isNew = this.alarm === undefined;
    this.alarm = alarm;
    if (!isNew && hours > REPEAT_AT * this.#alarmedAtHours) return;
    this.#alarmedAtHours = hours;
    const { snapshot } = this.#options;
    const taken =
      snapshot !== undefined && !this.#snapshotTried ? { snapshot: snapshotWithin(snapshot) } : {};
    this.#snapshotTried = true;
    this.#write({ mettle: 'memory-alarm', at: new Date().toISOString(), ...alarm, ...taken });
    this.#options.onAlarm?.(alarm);
  }

  #write(line: object): void {
    const { write } = this.#options;
    if (write === false) return;
    const text = JSON.stringify(line);
    if (write === undefined) process.stderr.write(`${text}\n`);
    else write(text);
  }
}
