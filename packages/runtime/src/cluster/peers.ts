import { RuntimeError } from '../errors.ts';

/*
 * The engines behind a cluster are optional: who runs one process installs none of them. What is used of each is written
 * down here, so that its types are not needed either.
 */

/** The part of an ioredis client that is used. */
export interface RedisClient {
  readonly status: string;
  on(event: string, listener: (...args: never[]) => void): unknown;
  connect(): Promise<void>;
  info(section: string): Promise<string>;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  publish(channel: string, message: string): Promise<number>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}
export type RedisConstructor = new (url: string, options: object) => RedisClient;

/** Our own commands (places.ts): both keys, then the terms of the limit, then who. */
type PlacesCommand<R> = (
  holders: string,
  waiting: string,
  limit: number,
  leaseMs: number,
  channels: string,
  ...rest: string[]
) => Promise<R>;
export interface PlacesCommands {
  readonly mettleTake: PlacesCommand<number>;
  readonly mettleLeave: PlacesCommand<number>;
  readonly mettleRenew: PlacesCommand<string[]>;
}

export interface RateLimitPackage {
  readonly RateLimiterRedis: new (options: object) => RateLimiter;
  readonly RateLimiterMemory: new (options: object) => RateLimiter;
}
export interface RateLimiter {
  consume(key: string, points?: number): Promise<unknown>;
}

/** The part of BullMQ that is used. */
export interface BullPackage {
  readonly Queue: new (name: string, options: object) => BullQueue;
  readonly QueueEvents: new (name: string, options: object) => BullEvents;
  readonly Worker: new (name: string, work: BullProcessor, options: object) => BullWorker;
}
export type BullProcessor = (
  job: BullJob,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<unknown>;
export interface BullJob {
  readonly id?: string;
  readonly name: string;
  readonly data: JobData;
  readonly returnvalue?: unknown;
  readonly failedReason?: string;
  readonly finishedOn?: number;
  remove(): Promise<unknown>;
}
export interface JobData {
  readonly argument: unknown;
  readonly deadlineAt: number;
}
export interface BullQueue {
  add(name: string, data: JobData, options: object): Promise<BullJob>;
  getJob(id: string): Promise<BullJob | undefined>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}
export interface BullEvents {
  on(event: string, listener: (data: { jobId: string }) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
export interface BullWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  cancelJob(id: string): boolean;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}

/** Loads an optional package, or says which to install. */
export async function peer<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const message = `A cluster needs the package ${name}, which could not be loaded: npm install ${name}`;
    throw new RuntimeError('METTLE_BAD_OPTION', message, { cause: error });
  }
}
