import { RuntimeError } from '../errors.ts';
import { exclusive } from '../exclusive/exclusive.ts';
import type { ExclusiveOptions } from '../exclusive/exclusive.ts';
import { createLimit } from '../limit/limit.ts';
import type { LimitOptions } from '../limit/limit.ts';
import type { Pool, ThreadFunction } from '../offload/pool.ts';
import { Connection } from './connection.ts';
import type { ClusterAlarm } from './connection.ts';
import { Jobs, JobServer } from './jobs.ts';
import type { RemoteTask } from './jobs.ts';
import { peer } from './peers.ts';
import type { BullPackage, RateLimitPackage, RateLimiter, SemaphorePackage } from './peers.ts';
import { RedisLimit } from './shared-limit.ts';
import type { SharedLimit } from './shared-limit.ts';

/** How replicas find each other. */
export interface ClusterOptions {
  /** Of Redis or Valkey, such as `process.env.REDIS_URL`; undefined means that everything stays in this process. */
  readonly url: string | undefined;
  /** How many replicas there are: when Redis is lost, each holds its share of every limit. 2 by default. */
  readonly replicas?: number;
  /** How long the places of a replica that died stay taken; 15,000 ms by default. Redis may stand still for less than that. */
  readonly leaseMs?: number;
  /** In front of every key; 'mettle' by default. Servers that share it share limits of the same name. */
  readonly prefix?: string;
  /** Told when Redis is lost and back; stderr by default. */
  readonly onAlarm?: (alarm: ClusterAlarm) => void;
}

/** Limits, locks, rates and work shared by all replicas. */
export interface Cluster {
  /** At most so many at once over all replicas. */
  limit(name: string, options: LimitOptions): SharedLimit;
  /** Nobody else, on any replica, runs with this key. When Redis is lost: nobody else in this process. */
  exclusive<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options?: ExclusiveOptions,
  ): Promise<T>;
  /** At most so many per time and key over all replicas; more are refused with METTLE_OVERLOADED and a hint. */
  rate(
    name: string,
    options: { readonly points: number; readonly perMs: number },
  ): (key: string) => Promise<void>;
  /** Runs the functions of a pool's module on whichever machine serves this name; here, when the cluster is one process. */
  offload<M>(name: string, pool: Pool<M>): Promise<RemotePool<M>>;
  /** Serves the tasks that others send under this name. */
  serve<M>(name: string, pool: Pool<M>): Promise<void>;
  /** Whether limits are shared at present. */
  readonly connected: boolean;
  close(): Promise<void>;
}

/** As `Pool.task`, on other machines. */
export interface RemotePool<M> {
  task<K extends keyof M & string>(name: K): M[K] extends ThreadFunction ? RemoteTask<M[K]> : never;
}

/** Connects to the cluster; without a URL everything works within this process, with the same interface. */
export async function connectCluster(options: ClusterOptions): Promise<Cluster> {
  if (options.url === undefined || options.url === '') return new OneProcess();
  const adapting = new Set<{ adapt(): void }>();
  const alarm = options.onAlarm ?? toStderr;
  const connection = await Connection.open(options.url, (change) => {
    for (const each of adapting) each.adapt();
    alarm(change);
  });
  return new Replicas(
    options.url,
    options,
    connection,
    adapting,
    await peer<SemaphorePackage>('redis-semaphore'),
  );
}

class Replicas implements Cluster {
  readonly #url: string;
  readonly #prefix: string;
  readonly #lease: { leaseMs: number; replicas: number };
  readonly #connection: Connection;
  readonly #semaphores: SemaphorePackage;
  readonly #adapting: Set<{ adapt(): void }>;
  readonly #locks = new Map<string, { lock: RedisLimit; users: number }>();
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(
    url: string,
    options: ClusterOptions,
    connection: Connection,
    adapting: Set<{ adapt(): void }>,
    semaphores: SemaphorePackage,
  ) {
    this.#url = url;
    this.#prefix = options.prefix ?? 'mettle';
    this.#lease = { leaseMs: options.leaseMs ?? 15_000, replicas: options.replicas ?? 2 };
    this.#connection = connection;
    this.#semaphores = semaphores;
    this.#adapting = adapting;
  }

  get connected(): boolean {
    return this.#connection.usable;
  }

  limit(name: string, options: LimitOptions): SharedLimit {
    return this.#shared(`${this.#prefix}:limit:${name}`, options);
  }

  async exclusive<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: ExclusiveOptions = {},
  ): Promise<T> {
    // In order within this process, and reported when it would wait for itself; then against the others.
    return exclusive(`${this.#prefix}:${key}`, async () => this.#withLock(key, work, options), options);
  }

  rate(name: string, { points, perMs }: { points: number; perMs: number }): (key: string) => Promise<void> {
    const keyPrefix = `${this.#prefix}:rate:${name}`;
    const loading = peer<RateLimitPackage>('rate-limiter-flexible').then(
      ({ RateLimiterRedis, RateLimiterMemory }) => {
        const alone = {
          keyPrefix,
          points: Math.max(1, Math.floor(points / this.#lease.replicas)),
          duration: perMs / 1000,
        };
        const insuranceLimiter = new RateLimiterMemory(alone);
        return new RateLimiterRedis({
          ...alone,
          points,
          storeClient: this.#connection.client,
          insuranceLimiter,
        });
      },
    );
    // Told to whoever consumes.
    loading.catch(() => undefined);
    return async (key) => consume(await loading, key);
  }

  async offload<M>(name: string, _pool: Pool<M>): Promise<RemotePool<M>> {
    const jobs = new Jobs(
      this.#queueName(name),
      this.#connection,
      await peer<BullPackage>('bullmq'),
      this.#bullOptions(true),
    );
    this.#closing.push(async () => jobs.close());
    const task =
      (function_: string): unknown =>
      async (argument: unknown, options?: object) =>
        jobs.run(function_, argument, options);
    return { task } as RemotePool<M>;
  }

  async serve<M>(name: string, pool: Pool<M>): Promise<void> {
    const bull = await peer<BullPackage>('bullmq');
    const any = pool as unknown as Pool<Record<string, ThreadFunction>>;
    const server = new JobServer(
      this.#queueName(name),
      any,
      this.#connection,
      bull,
      this.#bullOptions(false),
    );
    this.#closing.push(async () => server.close());
    await server.ready();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#closing.map(async (close) => close()));
    this.#connection.close();
  }

  async #withLock<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: ExclusiveOptions,
  ): Promise<T> {
    const name = `${this.#prefix}:lock:${key}`;
    let held = this.#locks.get(name);
    if (held === undefined)
      this.#locks.set(name, (held = { lock: this.#shared(name, { maxConcurrent: 1 }), users: 0 }));
    held.users++;
    try {
      return await held.lock.run(work, options.signal === undefined ? {} : { signal: options.signal });
    } finally {
      // Keys are endless; a lock nobody uses is forgotten.
      if (--held.users === 0) {
        this.#locks.delete(name);
        this.#adapting.delete(held.lock);
      }
    }
  }

  #shared(name: string, options: LimitOptions): RedisLimit {
    const limit = new RedisLimit(name, options, this.#connection, this.#semaphores, this.#lease);
    this.#adapting.add(limit);
    return limit;
  }

  /** BullMQ keeps ':' for itself. */
  #queueName(name: string): string {
    return `${this.#prefix}-${name}`.replaceAll(':', '-');
  }

  #bullOptions(failsFast: boolean): object {
    const { hostname, port, username, password, pathname, protocol } = new URL(this.#url);
    return {
      connection: {
        host: hostname,
        port: Number(port || 6379),
        db: Number(pathname.slice(1) || 0),
        ...(username === '' ? {} : { username: decodeURIComponent(username) }),
        ...(password === '' ? {} : { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' ? { tls: {} } : {}),
        ...(failsFast ? { enableOfflineQueue: false } : {}),
        maxRetriesPerRequest: null,
      },
    };
  }
}

/** The same, where there is no other replica. */
class OneProcess implements Cluster {
  readonly connected = true;

  limit(_name: string, options: LimitOptions): SharedLimit {
    const limit = createLimit(options);
    return {
      run: async (work, how) => limit.run(() => work(how?.signal ?? new AbortController().signal), how),
      get running() {
        return limit.running;
      },
      get queued() {
        return limit.queued;
      },
    };
  }

  async exclusive<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options?: ExclusiveOptions,
  ): Promise<T> {
    return exclusive(key, () => work(options?.signal ?? new AbortController().signal), options);
  }

  rate(name: string, { points, perMs }: { points: number; perMs: number }): (key: string) => Promise<void> {
    const loading = peer<RateLimitPackage>('rate-limiter-flexible').then(
      ({ RateLimiterMemory }) => new RateLimiterMemory({ keyPrefix: name, points, duration: perMs / 1000 }),
    );
    loading.catch(() => undefined);
    return async (key) => consume(await loading, key);
  }

  async offload<M>(_name: string, pool: Pool<M>): Promise<RemotePool<M>> {
    return { task: (name) => pool.task(name) };
  }

  async serve(): Promise<void> {}

  async close(): Promise<void> {}
}

async function consume(limiter: RateLimiter, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    const beforeMs = (error as { msBeforeNext?: unknown } | undefined)?.msBeforeNext;
    if (typeof beforeMs !== 'number') throw error;
    throw new RuntimeError('METTLE_OVERLOADED', 'Too many calls — retry later', {
      retryAfterMs: Math.max(1, beforeMs),
    });
  }
}

function toStderr({ state, message }: ClusterAlarm): void {
  process.stderr.write(
    `${JSON.stringify({ mettle: 'cluster', at: new Date().toISOString(), state, message })}\n`,
  );
}
