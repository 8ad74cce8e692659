import { randomUUID } from 'node:crypto';
import { currentCall } from '../call.ts';
import { cancelled, RuntimeError } from '../errors.ts';
import { createExclusive } from '../exclusive/exclusive.ts';
import { createLimit } from '../limit/limit.ts';
import type { Limit, LimitOptions, LimitRunOptions } from '../limit/limit.ts';
import type { Connection } from './connection.ts';
import type { LockOptions, RedisLock, SemaphorePackage } from './peers.ts';

/** How leases are kept. */
export interface LeaseOptions {
  /** How long a replica that died keeps its places, and Redis may stand still without any being given twice. */
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

/** Looks for itself this often, in case the word that a place is free was lost. Spread, so that replicas do not ask as one. */
const ASK_EVERY_MS = 40;
/** A lease is renewed three times in its life: two renewals may fail. */
const RENEWALS = 3;

/**
 * Local admission first: lanes, bounds and cancellation are those of `createLimit`. Only one waiter of a process, the
 * head, asks Redis; the others stay in order behind it, and Redis sees one question per replica.
 */
export class RedisLimit implements SharedLimit {
  readonly #name: string;
  readonly #max: number;
  readonly #local: Limit;
  readonly #connection: Connection;
  readonly #semaphores: SemaphorePackage;
  readonly #lease: LeaseOptions;
  readonly #ask = createExclusive();

  constructor(
    name: string,
    options: LimitOptions,
    connection: Connection,
    semaphores: SemaphorePackage,
    lease: LeaseOptions,
  ) {
    this.#name = name;
    this.#max = options.maxConcurrent;
    this.#local = createLimit(options);
    this.#connection = connection;
    this.#semaphores = semaphores;
    this.#lease = lease;
    this.adapt();
  }

  get running(): number {
    return this.#local.running;
  }

  get queued(): number {
    return this.#local.queued;
  }

  /** Follows the connection: alone, this process may use its share and no more. */
  adapt(): void {
    const share = Math.max(1, Math.floor(this.#max / this.#lease.replicas));
    this.#local.resize(this.#connection.usable ? this.#max : share);
  }

  close(): void {
    this.#local.close();
  }

  async run<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, options: LimitRunOptions = {}): Promise<T> {
    const signal = options.signal ?? currentCall()?.signal;
    return this.#local.run(async () => {
      const place = await this.#place(signal);
      const lost = new AbortController();
      const stopRenewing = place === undefined ? undefined : this.#renew(place, lost);
      const onAbort = (): void => lost.abort(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        return await work(lost.signal);
      } finally {
        signal?.removeEventListener('abort', onAbort);
        stopRenewing?.();
        await this.#giveBack(place);
      }
    }, options);
  }

  /** A place in Redis; undefined when Redis is lost, for then the local share is all there is to hold. */
  async #place(signal: AbortSignal | undefined): Promise<string | undefined> {
    const asking = signal === undefined ? {} : { signal };
    return this.#ask(
      this.#name,
      async () => {
        while (this.#connection.usable) {
          if (signal?.aborted === true) throw cancelled(signal);
          const id = randomUUID();
          try {
            if (await this.#lock(id).tryAcquire()) return id;
          } catch {
            if (await this.#connection.lost()) return undefined;
            // It may have been given all the same, and the answer been too late.
            await this.#giveBack(id);
            continue;
          }
          await this.#news(signal);
        }
        return undefined;
      },
      asking,
    );
  }

  #lock(identifier: string, held = false): RedisLock {
    const options: LockOptions = {
      lockTimeout: this.#lease.leaseMs,
      refreshInterval: 0,
      acquireAttemptsLimit: 1,
      identifier,
    };
    return new this.#semaphores.Semaphore(
      this.#connection.client,
      this.#name,
      this.#max,
      held ? { ...options, acquiredExternally: true } : options,
    );
  }

  /** Waits until a place became free somewhere, or for a moment. */
  async #news(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        forget();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ASK_EVERY_MS * (0.75 + Math.random() / 2));
      const forget = this.#connection.listen(this.#name, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #renew(id: string, lost: AbortController): () => void {
    const timer = setInterval(() => {
      void this.#renewOnce(id, lost);
    }, this.#lease.leaseMs / RENEWALS);
    timer.unref();
    return () => clearInterval(timer);
  }

  async #renewOnce(id: string, lost: AbortController): Promise<void> {
    try {
      // Renewing is acquiring what one has: redis-semaphore's own renewal would end the process when Redis is gone.
      if (await this.#lock(id, true).tryAcquire()) return;
    } catch {
      return void (await this.#connection.lost());
    }
    const message = `The place in ${this.#name} was lost: this process did not renew it within ${this.#lease.leaseMs} ms`;
    lost.abort(new RuntimeError('METTLE_TIMED_OUT', message));
  }

  async #giveBack(id: string | undefined): Promise<void> {
    if (id === undefined) return;
    try {
      await this.#lock(id, true).release();
      this.#connection.tell(this.#name, '');
    } catch {
      // Its lease ends by itself.
      await this.#connection.lost();
    }
  }
}
