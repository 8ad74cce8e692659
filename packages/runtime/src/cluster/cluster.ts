import { isRuntimeError, requireNumber, RuntimeError } from '../errors.ts';
import { createExclusive } from '../exclusive/exclusive.ts';
import type { ExclusiveOptions } from '../exclusive/exclusive.ts';
import type { LimitOptions } from '../limit/limit.ts';
import type { Pool, ThreadFunction } from '../offload/pool.ts';
import { Connection } from './connection.ts';
import type { ClusterAlarm, ClusterState } from './connection.ts';
import type { Cluster, ClusterOptions, RemotePool } from './contract.ts';
import { Jobs, JobServer } from './jobs.ts';
import { OneProcess } from './one-process.ts';
import { peer } from './peers.ts';
import type { BullPackage } from './peers.ts';
import { rateBy } from './rate.ts';
import type { RateOptions } from './rate.ts';
import { RedisLimit } from './shared-limit.ts';
import type { LeaseOptions, SharedLimit } from './shared-limit.ts';

/** Connects to the cluster; without a URL everything works within this process, with the same interface. */
export async function connectCluster(options: ClusterOptions): Promise<Cluster> {
  if (options.url === undefined || options.url === '') return new OneProcess();
  const prefix = options.prefix ?? 'mettle';
  const lease = {
    leaseMs: requireNumber('leaseMs', options.leaseMs ?? 15_000, 100, 2 ** 31 - 1),
    replicas: requireNumber('replicas', options.replicas ?? 2, 1),
  };
  const adapting = new Set<RedisLimit>();
  const alarm = alarms(options.onAlarm ?? toStderr);
  const connection = await Connection.open(options.url, prefix, {
    adapt: (state) => {
      for (const each of adapting) each.adapt();
      alarm(state);
    },
    say: async () => Promise.all(Array.from(adapting, async (each) => each.say())),
  });
  return new Replicas(options.url, prefix, lease, connection, adapting);
}

/** Tells when limits are left to each process, and when they are shared again; what is between is nobody's concern. */
function alarms(tell: (alarm: ClusterAlarm) => void): (state: ClusterState) => void {
  let isLost = false;
  return (state) => {
    if (!isLost && (state === 'alone' || state === 'settling')) {
      isLost = true;
      const why = state === 'alone' ? 'Redis does not answer' : 'Redis has started anew';
      tell({ state: 'lost', message: `${why}: limits are held by this process alone` });
    } else if (isLost && state === 'shared') {
      isLost = false;
      tell({ state: 'back', message: 'Redis answers again: limits are shared again' });
    }
  };
}

class Replicas implements Cluster {
  readonly #url: string;
  readonly #prefix: string;
  readonly #lease: LeaseOptions;
  readonly #connection: Connection;
  readonly #adapting: Set<RedisLimit>;
  readonly #limits = new Map<string, { limit: RedisLimit; maxConcurrent: number }>();
  readonly #locks = new Map<string, { lock: RedisLimit; users: number }>();
  readonly #inProcess = createExclusive();
  readonly #jobs = new Map<string, Promise<Jobs>>();
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(
    url: string,
    prefix: string,
    lease: LeaseOptions,
    connection: Connection,
    adapting: Set<RedisLimit>,
  ) {
    this.#url = url;
    this.#prefix = prefix;
    this.#lease = lease;
    this.#connection = connection;
    this.#adapting = adapting;
  }

  get connected(): boolean {
    return this.#connection.state === 'shared';
  }

  limit(name: string, options: LimitOptions): SharedLimit {
    const { maxConcurrent } = options;
    const known = this.#limits.get(name);
    if (known === undefined) {
      const limit = this.#shared(`${this.#prefix}:limit:${name}`, options);
      this.#limits.set(name, { limit, maxConcurrent });
      return limit;
    }
    if (known.maxConcurrent === maxConcurrent) return known.limit;
    const message = `The limit “${name}” was made before with maxConcurrent ${known.maxConcurrent}, now with ${maxConcurrent}; give one of them another name`;
    throw new RuntimeError('METTLE_BAD_OPTION', message);
  }

  async exclusive<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options: ExclusiveOptions = {},
  ): Promise<T> {
    const since = performance.now();
    // In order within this process, and reported when it would wait for itself; then against the others.
    return this.#inProcess(key, async () => this.#withLock(key, work, options, since), options);
  }

  rate(name: string, { points, perMs }: RateOptions): (key: string) => Promise<void> {
    const keyPrefix = `${this.#prefix}:rate:${name}`;
    const duration = perMs / 1000;
    return rateBy(({ RateLimiterRedis, RateLimiterMemory }) => {
      const share = Math.max(1, Math.floor(points / this.#lease.replicas));
      return new RateLimiterRedis({
        keyPrefix,
        points,
        duration,
        storeClient: this.#connection.client,
        insuranceLimiter: new RateLimiterMemory({ keyPrefix, points: share, duration }),
      });
    });
  }

  async offload<M>(name: string, _pool: Pool<M>): Promise<RemotePool<M>> {
    let connecting = this.#jobs.get(name);
    if (connecting === undefined) this.#jobs.set(name, (connecting = this.#connectJobs(name)));
    const jobs = await connecting;
    const task =
      (function_: string): unknown =>
      async (argument: unknown, options?: object) =>
        jobs.run(function_, argument, options);
    return { task } as RemotePool<M>;
  }

  async #connectJobs(name: string): Promise<Jobs> {
    const bull = await peer<BullPackage>('bullmq');
    const jobs = new Jobs(this.#queueName(name), this.#connection, bull, this.#bullOptions(true));
    this.#closing.push(async () => jobs.close());
    return jobs;
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
    await this.#connection.flush();
    this.#connection.close();
  }

  async #withLock<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    { signal, waitTimeoutMs }: ExclusiveOptions,
    since: number,
  ): Promise<T> {
    const name = `${this.#prefix}:lock:${key}`;
    let held = this.#locks.get(name);
    if (held === undefined)
      this.#locks.set(name, (held = { lock: this.#shared(name, { maxConcurrent: 1 }), users: 0 }));
    held.users++;
    let began = false;
    const begin = (lost: AbortSignal): T | PromiseLike<T> => {
      began = true;
      return work(lost);
    };
    try {
      const leftMs = (waitTimeoutMs ?? Infinity) - (performance.now() - since);
      return await held.lock.run(begin, signal === undefined ? {} : { signal }, leftMs);
    } catch (error) {
      if (began || !isRuntimeError(error, 'METTLE_QUEUE_TIMEOUT')) throw error;
      const message = `Waited ${waitTimeoutMs} ms for “${key}”, which was still held on another replica`;
      throw new RuntimeError('METTLE_TIMED_OUT', message);
    } finally {
      // Keys are endless; a lock nobody uses is forgotten.
      if (--held.users === 0) {
        this.#locks.delete(name);
        this.#adapting.delete(held.lock);
      }
    }
  }

  #shared(name: string, options: LimitOptions): RedisLimit {
    const limit = new RedisLimit(name, options, this.#connection, this.#lease);
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

function toStderr({ state, message }: ClusterAlarm): void {
  process.stderr.write(
    `${JSON.stringify({ mettle: 'cluster', at: new Date().toISOString(), state, message })}\n`,
  );
}
