import { currentCall } from '../call.ts';
import { cancelled, isRuntimeError, refusal, RuntimeError } from '../errors.ts';
import { createExclusive } from '../exclusive/exclusive.ts';
import { createLimit } from '../limit/limit.ts';
import type { Limit, LimitOptions, LimitRunOptions } from '../limit/limit.ts';
import type { Connection } from './connection.ts';
import type { PlaceTerms } from './places.ts';

/** How leases are kept. */
export interface LeaseOptions {
  /** How long a replica that died keeps its places, and one may stand still without losing them. */
  readonly leaseMs: number;
  /** How many replicas share the limit: what is left to each when Redis is lost. */
  readonly replicas: number;
}

/** A limit that all replicas share. */
export interface SharedLimit {
  /** As `Limit.run`; the signal aborts when the place was lost to others, after this process stood still for too long. */
  run<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, options?: LimitRunOptions): Promise<T>;
  readonly running: number;
  readonly queued: number;
}

/** One who has a place: what aborts its work, and whether Redis may count it. */
interface Held {
  readonly id: string;
  readonly lost: AbortController;
  counted: boolean;
}

/** Asks again this often: word of a place may be lost, and places of the dead lapse without a word. */
const ASK_EVERY_MS = 250;
/** A lease is renewed three times in its life: two renewals may fail. */
const RENEWALS = 3;
/** As `createLimit`. */
const QUEUE_TIMEOUT_MS = 1000;

/**
 * Local admission first: lanes, bounds and cancellation are those of `createLimit`. Only one waiter of a process, the
 * head, asks Redis, where the heads of all replicas stand in line: each replica in its turn, none overtaken.
 */
export class RedisLimit implements SharedLimit {
  readonly #terms: PlaceTerms;
  readonly #queueTimeoutMs: number;
  readonly #local: Limit;
  readonly #connection: Connection;
  readonly #replicas: number;
  readonly #ask = createExclusive();
  /** Whose work runs. */
  readonly #held = new Map<string, Held>();
  /** Places that could not be given back, for Redis did not answer. */
  readonly #owed = new Set<string>();
  #renewing: NodeJS.Timeout | undefined;
  #wakeHead: (() => void) | undefined;
  /** Let in by the local limit, still without a place. */
  #asking = 0;

  constructor(
    name: string,
    options: LimitOptions,
    connection: Connection,
    { leaseMs, replicas }: LeaseOptions,
  ) {
    this.#terms = { name, limit: options.maxConcurrent, leaseMs };
    this.#queueTimeoutMs = options.queueTimeoutMs ?? QUEUE_TIMEOUT_MS;
    this.#local = createLimit(options);
    this.#connection = connection;
    this.#replicas = replicas;
    this.adapt();
  }

  get running(): number {
    return this.#local.running - this.#asking;
  }

  get queued(): number {
    return this.#local.queued + this.#asking;
  }

  /** Follows the connection: alone, this process may use its share and no more; back, it says what it holds. */
  adapt(): void {
    const { state } = this.#connection;
    const isAlone = state === 'alone' || state === 'settling';
    this.#local.resize(isAlone ? this.#share : this.#terms.limit);
    this.#wakeHead?.();
    if (state === 'settling') void this.say().catch(() => undefined);
    if (state === 'shared') void this.#payOwed().catch(() => undefined);
  }

  get #share(): number {
    return Math.max(1, Math.floor(this.#terms.limit / this.#replicas));
  }

  close(): void {
    this.#local.close();
  }

  async run<T>(
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: LimitRunOptions = {},
    waitTimeoutMs: number = this.#queueTimeoutMs,
  ): Promise<T> {
    const signal = options.signal ?? currentCall()?.signal;
    const until = performance.now() + waitTimeoutMs;
    return this.#local.run(async () => {
      const held = await this.#place(until, signal);
      const { id, lost } = held;
      const onAbort = (): void => lost.abort(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        return await work(lost.signal);
      } finally {
        signal?.removeEventListener('abort', onAbort);
        this.#held.delete(id);
        this.#wakeHead?.();
        // Redis hears of it in order, before anything that is said later; its answer need not be waited for.
        if (held.counted) void this.#giveBack(id);
        this.#restWhenIdle();
      }
    }, options);
  }

  async #place(until: number, signal: AbortSignal | undefined): Promise<Held> {
    this.#asking++;
    try {
      const waitTimeoutMs = Math.max(0, until - performance.now());
      return await this.#ask(this.#terms.name, async () => this.#askRedis(until, signal), {
        ...(signal === undefined ? {} : { signal }),
        ...(Number.isFinite(waitTimeoutMs) ? { waitTimeoutMs } : {}),
      });
    } catch (error) {
      throw isRuntimeError(error, 'METTLE_TIMED_OUT') ? this.#late() : error;
    } finally {
      this.#asking--;
    }
  }

  /** Waits for a place in Redis; when Redis is lost, the local share is all there is to hold. */
  async #askRedis(until: number, signal: AbortSignal | undefined): Promise<Held> {
    const { places } = this.#connection;
    const id = places.id();
    let [counted, isGiven, askedAt] = [false, false, 0];
    let wake: (() => void) | undefined;
    const forget = places.onGiven(id, () => {
      isGiven = true;
      wake?.();
    });
    try {
      for (;;) {
        if (signal?.aborted === true) throw cancelled(signal);
        const now = performance.now();
        // Given since it was last asked for; if that was long ago, this process stood still, and the lease may be over.
        if (isGiven && now - askedAt < this.#terms.leaseMs / 2) return this.#hold(id, counted);
        if (now >= until) throw this.#late();
        // Listens before it asks: the place may come before the answer.
        const news = this.#news(Math.min(until - now, ASK_EVERY_MS), signal, (done) => (wake = done));
        const { state } = this.#connection;
        if (state === 'shared') {
          [counted, isGiven, askedAt] = [true, false, now];
          if (await this.#taken(id)) return this.#hold(id, counted);
        } else if (state !== 'unsure' && this.#held.size < this.#share) return this.#hold(id, counted);
        await news;
      }
    } catch (error) {
      if (counted) void this.#giveBack(id);
      throw error;
    } finally {
      forget();
      wake?.();
      this.#wakeHead = undefined;
    }
  }

  async #taken(id: string): Promise<boolean> {
    try {
      return await this.#connection.places.take(this.#terms, id);
    } catch {
      // Asking again, in a moment, is safe: what was given but not heard of is found again.
      await this.#connection.lost();
      return false;
    }
  }

  /** Waits for a place, the caller's giving up, a change of the connection, or for so long. */
  async #news(
    forMs: number,
    signal: AbortSignal | undefined,
    onWake: (wake: () => void) => void,
  ): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // Spread, so that replicas do not ask as one.
      const timer = setTimeout(done, forMs * (0.75 + Math.random() / 4));
      signal?.addEventListener('abort', done, { once: true });
      this.#wakeHead = done;
      onWake(done);
    });
  }

  #late(): RuntimeError {
    const message = `No place in ${this.#terms.name} within ${this.#queueTimeoutMs} ms — retry later`;
    return refusal('METTLE_QUEUE_TIMEOUT', message, this.#queueTimeoutMs);
  }

  /** Noted before the next in line is asked for: it must be counted. */
  #hold(id: string, counted: boolean): Held {
    const held: Held = { id, lost: new AbortController(), counted };
    this.#held.set(id, held);
    // Begun while Redis is told who holds what: it is told of this one too.
    if (this.#connection.state === 'settling') void this.say().catch(() => undefined);
    this.#keepRenewing();
    return held;
  }

  #keepRenewing(): void {
    this.#renewing ??= setInterval(() => void this.#renew(), this.#terms.leaseMs / RENEWALS).unref();
  }

  #restWhenIdle(): void {
    if (this.#held.size + this.#owed.size > 0) return;
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }

  async #renew(): Promise<void> {
    const { state } = this.#connection;
    // While Redis settles it is told everything anyhow.
    if (state !== 'shared') return;
    try {
      await this.#payOwed();
      this.#restWhenIdle();
      if (this.#held.size === 0) return;
      for (const id of await this.#connection.places.renew(this.#terms, this.#held.keys())) {
        const message = `The place in ${this.#terms.name} was lost: this process did not renew it within ${this.#terms.leaseMs} ms`;
        this.#held.get(id)?.lost.abort(new RuntimeError('METTLE_TIMED_OUT', message));
      }
    } catch {
      await this.#connection.lost();
    }
  }

  /** Redis was away and may have forgotten all: everybody counts again who runs, before anybody is let in. */
  async say(): Promise<void> {
    await this.#payOwed();
    // Counted from this moment on: who ends while Redis is told is given back after it was told.
    const held = [...this.#held.keys()];
    if (held.length === 0) return;
    for (const each of this.#held.values()) each.counted = true;
    await this.#connection.places.renew(this.#terms, held, true);
  }

  async #giveBack(id: string): Promise<void> {
    this.#owed.add(id);
    const { state } = this.#connection;
    if (state === 'shared' || state === 'settling')
      await this.#payOwed().catch(async () => this.#connection.lost());
  }

  /** Gives back what is not held any more; what Redis does not hear now is said again later, and lapses by itself. */
  async #payOwed(): Promise<void> {
    if (this.#owed.size === 0) return;
    const owed = [...this.#owed];
    this.#owed.clear();
    try {
      await this.#connection.places.leave(this.#terms, owed);
    } catch (error) {
      for (const id of owed) this.#owed.add(id);
      this.#keepRenewing();
      throw error;
    }
  }
}
