import { currentCall } from '../call.ts';
import { requireNumber, RuntimeError } from '../errors.ts';
import { Gate } from './gate.ts';
import type { Bound, GateCounts } from './gate.ts';

/** Bounds of one limit. */
export interface LimitOptions {
  /** How many may run at once. */
  readonly maxConcurrent: number;
  /** How many of one lane may run at once; no bound of its own by default. */
  readonly maxConcurrentPerLane?: number;
  /** How many may wait; twice `maxConcurrent` by default: enough for a burst, too little to hide overload. */
  readonly maxQueued?: number;
  /** How long one may wait; 1,000 ms by default: whoever waits longer is better told to come back. */
  readonly queueTimeoutMs?: number;
}

/** For one run. */
export interface LimitRunOptions {
  /** Whose turn this is; the current call's lane by default. */
  readonly lane?: string;
  /** Leaves the queue when aborted; the current call's signal by default. */
  readonly signal?: AbortSignal;
}

/** At most so many at once; a bounded, fair queue; the rest is refused at once. */
export interface Limit {
  /** Runs `work` as soon as there is room; rejects with METTLE_OVERLOADED, METTLE_QUEUE_TIMEOUT or METTLE_CANCELLED if it never started. */
  run<T>(work: () => T | PromiseLike<T>, options?: LimitRunOptions): Promise<T>;
  /** Takes a place until the returned function is called; calling it again does nothing. */
  acquire(options?: LimitRunOptions): Promise<() => void>;
  /** Changes `maxConcurrent` while running; whoever now fits is let in. */
  resize(maxConcurrent: number): void;
  /** Refuses whoever waits and comes; what runs is left to finish. */
  close(): void;
  readonly running: number;
  readonly queued: number;
  readonly maxConcurrent: number;
  readonly counts: Readonly<GateCounts>;
}

/** Makes a limit. State lives here: make it once, at module load, not in a handler. */
export function createLimit(options: LimitOptions): Limit {
  return new LaneLimit(options);
}

/** Counters per lane that exist only while somebody uses them. */
class LaneBounds {
  readonly #byLane = new Map<string, Bound & { users: number }>();
  readonly #max: number;
  readonly #whole: Bound;

  constructor(max: number, whole: Bound) {
    this.#max = max;
    this.#whole = whole;
  }

  claim(lane: string): readonly Bound[] {
    let bound = this.#byLane.get(lane);
    if (bound === undefined) this.#byLane.set(lane, (bound = { running: 0, max: this.#max, users: 0 }));
    bound.users++;
    return [this.#whole, bound];
  }

  drop(lane: string): void {
    const bound = this.#byLane.get(lane);
    if (bound !== undefined && --bound.users === 0) this.#byLane.delete(lane);
  }
}

class LaneLimit implements Limit {
  readonly #whole: Bound;
  readonly #gate: Gate;
  readonly #only: readonly Bound[];
  readonly #lanes: LaneBounds | undefined;
  #closed = false;

  constructor({ maxConcurrent, maxConcurrentPerLane, maxQueued, queueTimeoutMs }: LimitOptions) {
    this.#whole = { running: 0, max: requireNumber('maxConcurrent', maxConcurrent, 1) };
    this.#only = [this.#whole];
    this.#gate = new Gate({
      maxQueued: requireNumber('maxQueued', maxQueued ?? 2 * maxConcurrent, 0),
      queueTimeoutMs: requireNumber('queueTimeoutMs', queueTimeoutMs ?? 1000, 0, 2 ** 31 - 1),
    });
    if (maxConcurrentPerLane !== undefined) {
      requireNumber('maxConcurrentPerLane', maxConcurrentPerLane, 1);
      this.#lanes = new LaneBounds(maxConcurrentPerLane, this.#whole);
    }
  }

  get running(): number {
    return this.#gate.running;
  }

  get queued(): number {
    return this.#gate.queued;
  }

  get maxConcurrent(): number {
    return this.#whole.max;
  }

  get counts(): Readonly<GateCounts> {
    return this.#gate.counts;
  }

  async run<T>(work: () => T | PromiseLike<T>, options?: LimitRunOptions): Promise<T> {
    const call = currentCall();
    const lane = options?.lane ?? call?.lane ?? '';
    const bounds = this.#lanes?.claim(lane) ?? this.#only;
    try {
      const waiting = this.#enter(bounds, lane, options?.signal ?? call?.signal);
      if (waiting !== undefined) await waiting;
      const startedAt = performance.now();
      try {
        return await work();
      } finally {
        this.#gate.leave(bounds, performance.now() - startedAt);
      }
    } finally {
      this.#lanes?.drop(lane);
    }
  }

  async acquire(options?: LimitRunOptions): Promise<() => void> {
    const call = currentCall();
    const lane = options?.lane ?? call?.lane ?? '';
    const bounds = this.#lanes?.claim(lane) ?? this.#only;
    try {
      await this.#enter(bounds, lane, options?.signal ?? call?.signal);
    } catch (error) {
      this.#lanes?.drop(lane);
      throw error;
    }
    const startedAt = performance.now();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#gate.leave(bounds, performance.now() - startedAt);
      this.#lanes?.drop(lane);
    };
  }

  resize(maxConcurrent: number): void {
    this.#whole.max = requireNumber('maxConcurrent', maxConcurrent, 1);
    this.#gate.admitWaiting();
  }

  close(): void {
    this.#closed = true;
    this.#gate.refuseWaiting(closed());
  }

  #enter(bounds: readonly Bound[], lane: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#closed) throw closed();
    return this.#gate.enter(bounds, lane, signal);
  }
}

function closed(): RuntimeError {
  return new RuntimeError('METTLE_CLOSED', 'This limit is closed: the server is shutting down');
}
