import { cancelled, refusal } from '../errors.ts';
import type { RuntimeError } from '../errors.ts';
import { Lanes } from './lanes.ts';
import type { Waiter } from './lanes.ts';

/** One counter that a call must fit under. Several calls share it: those of one tool, one session, one principal. */
export interface Bound {
  running: number;
  max: number;
}

/** What a queue of waiting calls may hold. */
export interface GateOptions {
  /** Calls that may wait, over all lanes; one more is refused at once. */
  readonly maxQueued: number;
  /** How long a call may wait before it is refused. */
  readonly queueTimeoutMs: number;
}

/** Counts since the start. */
export interface GateCounts {
  admitted: number;
  refusedFull: number;
  refusedLate: number;
  cancelledInQueue: number;
}

/** The least and most a refused caller is told to wait: below 100 ms a retry storm, above 30 s nobody believes it. */
const RETRY_MS = { least: 100, most: 30_000 } as const;
/** Weight of a new service time in the average that the retry hint rests on: the last twenty calls or so. */
const SMOOTHING = 0.1;

/**
 * Lets calls in while all of their bounds have room, queues a bounded number of the rest in round-robin lanes, and
 * refuses what is beyond. It knows nothing of what it guards.
 */
export class Gate {
  readonly counts: GateCounts = { admitted: 0, refusedFull: 0, refusedLate: 0, cancelledInQueue: 0 };
  readonly #lanes = new Lanes();
  readonly #options: GateOptions;
  #running = 0;
  #serviceMs = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#lanes.size;
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Lets the call in at once (undefined), or after its turn (a promise), or throws the refusal. After entering, `leave`
   * must be called exactly once with the same bounds.
   */
  enter(bounds: readonly Bound[], lane: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (signal?.aborted === true) throw cancelled(signal);
    // Whoever waits does not fit (leaving admits all that do), so going straight in overtakes nobody who could run.
    if (fits(bounds)) {
      this.#take(bounds);
      return undefined;
    }
    if (this.#lanes.size >= this.#options.maxQueued && !this.#makeRoom(lane)) {
      this.counts.refusedFull++;
      throw this.#overloaded();
    }
    return this.#wait(bounds, lane, signal);
  }

  /** Gives the place back and lets the next ones in. `tookMs` feeds the retry hint. */
  leave(bounds: readonly Bound[], tookMs: number): void {
    for (const bound of bounds) bound.running--;
    this.#running--;
    this.#serviceMs += SMOOTHING * (tookMs - this.#serviceMs);
    if (this.#lanes.size > 0) this.admitWaiting();
  }

  /** Lets in all who fit; call it after a bound was raised. */
  admitWaiting(): void {
    for (let next = this.#lanes.take(fits); next !== undefined; next = this.#lanes.take(fits)) {
      this.#take(next.bounds);
      next.enter();
    }
  }

  /** Refuses all who wait: for closing. */
  refuseWaiting(error: RuntimeError): void {
    for (const waiter of this.#lanes.drain()) waiter.refuse(error);
  }

  /** When another try has a chance: the time to work off what is ahead, spread so that the refused do not return as one. */
  retryAfterMs(): number {
    const ahead = (this.#lanes.size + 1) / Math.max(1, this.#running);
    const spread = 0.75 + Math.random() / 2;
    return Math.round(Math.min(RETRY_MS.most, Math.max(RETRY_MS.least, ahead * this.#serviceMs)) * spread);
  }

  #take(bounds: readonly Bound[]): void {
    for (const bound of bounds) bound.running++;
    this.#running++;
    this.counts.admitted++;
  }

  #overloaded(): RuntimeError {
    return refusal('METTLE_OVERLOADED', 'Server overloaded — retry later', this.retryAfterMs());
  }

  /** A full queue belongs to whoever filled it: the last of the longest lane makes way for a shorter one. */
  #makeRoom(lane: string): boolean {
    const last = this.#lanes.lastOfLongest(lane);
    if (last === undefined) return false;
    this.counts.refusedFull++;
    last.refuse(this.#overloaded());
    return true;
  }

  #wait(bounds: readonly Bound[], lane: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const { queueTimeoutMs } = this.#options;
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = this.#lanes.add(bounds, lane, {
        enter: () => {
          settle();
          resolve();
        },
        refuse: (error) => {
          settle();
          this.#lanes.remove(waiter);
          reject(error);
        },
      });
      const onAbort = (): void => {
        this.counts.cancelledInQueue++;
        waiter.refuse(cancelled(signal as AbortSignal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const timer = setTimeout(() => {
        this.counts.refusedLate++;
        const message = `Server overloaded — retry later: no place within ${queueTimeoutMs} ms`;
        waiter.refuse(refusal('METTLE_QUEUE_TIMEOUT', message, this.retryAfterMs()));
      }, queueTimeoutMs);
    });
  }
}

function fits(bounds: readonly Bound[]): boolean {
  for (const bound of bounds) if (bound.running >= bound.max) return false;
  return true;
}
