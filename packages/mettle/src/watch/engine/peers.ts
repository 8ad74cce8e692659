import { UsageError } from '../../evidence/index.ts';

/*
 * The engines beneath a watcher of many processes are optional: who watches from one installs none of them. What is used
 * of each is written down here, so that its types are not needed either.
 */

/** The part of an ioredis client that is used. */
export interface RedisClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<void>;
  ping(): Promise<string>;
  info(section: string): Promise<string>;
  zcard(key: string): Promise<number>;
  hmget(key: string, ...fields: readonly string[]): Promise<(string | null)[]>;
  zrangebyscore(
    key: string,
    least: string,
    most: number,
    scores: 'WITHSCORES',
    limit: 'LIMIT',
    from: number,
    count: number,
  ): Promise<string[]>;
  disconnect(): void;
}
export interface RedisPackage {
  readonly Redis: new (url: string, options: object) => RedisClient;
}

/** The part of BullMQ that is used. */
export interface BullPackage {
  readonly Queue: new (name: string, options: object) => BullQueue;
  readonly Worker: new (
    name: string,
    work: (job: BullJob, token?: string) => Promise<void>,
    options: object,
  ) => BullWorker;
  readonly DelayedError: new () => Error;
}
export interface BullJob {
  readonly id?: string;
  readonly data: { readonly server: string };
  /** How often it was begun; more than once where a process died. */
  readonly attemptsStarted?: number;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
}
export interface BullQueue {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  getJobSchedulers(
    start: number,
    end: number,
  ): Promise<readonly { readonly key: string; readonly every?: number; readonly offset?: number }[]>;
  upsertJobScheduler(
    id: string,
    repeat: { readonly every: number; readonly offset: number },
    template: { readonly name: string; readonly data: { readonly server: string }; readonly opts: object },
  ): Promise<{ readonly id?: string }>;
  removeJobScheduler(id: string): Promise<boolean>;
  toKey(type: string): string;
  close(): Promise<void>;
  disconnect(): Promise<void>;
}
export interface BullWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  run(): Promise<void>;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
  disconnect(): Promise<void>;
}

/** The part of pg that is used. */
export interface PgPackage {
  readonly Pool: new (options: object) => PgPool;
}
export interface PgResult {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly rowCount: number | null;
}
export interface PgClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  query(sql: string, values?: readonly unknown[]): Promise<PgResult>;
  /** With an error the connection is thrown away. */
  release(error?: Error | boolean): void;
}
export interface PgPool {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  connect(): Promise<PgClient>;
  query(sql: string, values?: readonly unknown[]): Promise<PgResult>;
  end(): Promise<void>;
}

/** Loads an optional package. Rejects with UsageError that says which to install. */
export async function peer<T>(name: string): Promise<T> {
  try {
    const loaded = (await import(name)) as { readonly default?: unknown };
    // pg is CommonJS: what it exports is found under default on every version of Node.js.
    return (name === 'pg' ? (loaded.default ?? loaded) : loaded) as T;
  } catch {
    throw new UsageError(
      `"engine" needs the package ${name}, which could not be loaded: npm install bullmq ioredis pg.`,
    );
  }
}
