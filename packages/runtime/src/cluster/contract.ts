import type { ExclusiveOptions } from '../exclusive/exclusive.ts';
import type { LimitOptions } from '../limit/limit.ts';
import type { Pool, ThreadFunction } from '../offload/pool.ts';
import type { ClusterAlarm } from './connection.ts';
import type { RemoteTask } from './jobs.ts';
import type { RateOptions } from './rate.ts';
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
  rate(name: string, options: RateOptions): (key: string) => Promise<void>;
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
