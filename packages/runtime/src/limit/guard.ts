import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EventLoopUtilization, IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { containerLimitBytes } from '../memory/limits.ts';
import type { Bound } from './gate.ts';

/** When the process as a whole has enough. */
export interface GuardOptions {
  /** The event loop may be late by this; 70 ms by default, so that even a refusal is sent within 100 ms. */
  readonly maxDelayMs?: number;
  /** A late loop counts only while it is this busy, 0 to 1; 0.9 by default: a laptop waking up is late, but not busy. */
  readonly maxUtilization?: number;
  /** Part of the heap limit from which everything is refused, 0 to 1; 0.9 by default. */
  readonly maxHeap?: number;
  /** Resident memory from which everything is refused; 0.9 of the container's limit by default, where there is one. */
  readonly maxRssBytes?: number;
  /** Own check: a reason to refuse everything, or undefined. Called every sample; keep it cheap. */
  readonly check?: () => string | undefined;
  /** How often to look; 200 ms by default: half of a second is a long time in an overload. */
  readonly everyMs?: number;
}

/** What the guard saw last. */
export interface Pressure {
  /** The longest that the loop was late. */
  readonly delayMs: number;
  /** 0 to 1. */
  readonly utilization: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  readonly rssBytes: number;
}

/**
 * How often Node.js itself, in native code, looks whether the loop is late. A timer of ours that fires now and then would
 * see a delay of 100 ms as one of 50 on average, for it falls due somewhere in it.
 */
const RESOLUTION_MS = 20;
/** However late the loop is, so many calls may run: fewer would leave it idle while they wait. */
const LEAST = 4;
/** A late loop cuts what runs to this; TCP halves, but our feedback is quicker than its. */
const CUT = 0.7;
/** And a punctual one gives back a tenth per sample. */
const GROWTH = 1.1;

/**
 * Watches the event loop and memory on a timer (what it reads is too dear for each call), and moves one bound on all
 * calls: down while the loop is late, up while it is punctual. Latency limits of single tools cannot see each other;
 * this sees all.
 */
export class Guard {
  /** The bound on all calls together. */
  readonly bound: Bound;
  /** Why everything is refused at present; undefined while nothing is. */
  shedding: string | undefined;
  pressure: Pressure;
  readonly #ceiling: number;
  readonly #options: Required<Omit<GuardOptions, 'check'>> & Pick<GuardOptions, 'check'>;
  readonly #onRaise: () => void;
  #timer: NodeJS.Timeout | undefined;
  #delays: IntervalHistogram | undefined;
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(ceiling: number, options: GuardOptions, onRaise: () => void) {
    this.#ceiling = ceiling;
    this.#onRaise = onRaise;
    this.bound = { running: 0, max: ceiling };
    this.#options = {
      maxDelayMs: options.maxDelayMs ?? 70,
      maxUtilization: options.maxUtilization ?? 0.9,
      maxHeap: options.maxHeap ?? 0.9,
      maxRssBytes: options.maxRssBytes ?? 0.9 * (containerLimitBytes() ?? Infinity),
      everyMs: options.everyMs ?? 200,
      ...(options.check === undefined ? {} : { check: options.check }),
    };
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    this.pressure = {
      delayMs: 0,
      utilization: 0,
      heapBytes: used_heap_size,
      heapLimitBytes: heap_size_limit,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  /** Whether the loop is late at present. */
  get late(): boolean {
    return this.bound.max < this.#ceiling;
  }

  /** Starts looking; does nothing when it already does. The timer keeps no process alive. */
  start(): void {
    if (this.#timer !== undefined) return;
    const { everyMs } = this.#options;
    const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
    this.#delays = delays;
    this.#utilization = performance.eventLoopUtilization();
    this.#timer = setInterval(() => {
      const delayMs = Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
      delays.reset();
      const last = this.#utilization;
      this.#utilization = performance.eventLoopUtilization();
      this.sample(delayMs, performance.eventLoopUtilization(this.#utilization, last).utilization);
    }, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delays?.disable();
    this.#timer = undefined;
  }

  /** Takes in how late and how busy the loop was since the last sample; the timer calls it. */
  sample(delayMs: number, utilization: number): void {
    const { maxDelayMs, maxUtilization, maxHeap, maxRssBytes, check } = this.#options;
    const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
    const rssBytes = process.memoryUsage.rss();
    this.pressure = { delayMs, utilization, heapBytes, heapLimitBytes, rssBytes };

    if (heapBytes > maxHeap * heapLimitBytes) this.shedding = 'heap';
    else if (rssBytes > maxRssBytes) this.shedding = 'rss';
    else this.shedding = check?.();

    const { bound } = this;
    if (delayMs > maxDelayMs && utilization > maxUtilization) {
      bound.max = Math.max(LEAST, Math.floor(CUT * Math.min(bound.max, Math.max(bound.running, LEAST))));
    } else if (delayMs < maxDelayMs / 2 && bound.max < this.#ceiling) {
      bound.max = Math.min(this.#ceiling, Math.ceil(bound.max * GROWTH));
      this.#onRaise();
    }
  }
}
