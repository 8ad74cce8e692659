import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Transferable as NodeTransferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { currentCall } from '../call.ts';
import { cancelled, requireNumber, RuntimeError } from '../errors.ts';
import { createLimit } from '../limit/limit.ts';
import type { Limit } from '../limit/limit.ts';
import { Advice, warnWhenMadePerCall } from './advice.ts';
import { Booting } from './boot.ts';
import { inWords, rethrown } from './failure.ts';
import type { ThreadAnswer, ThreadData, ThreadTask } from './thread.ts';

/** How a pool of threads is made; every field has a default. */
export interface PoolOptions {
  /** Tasks at once; by default one less than the processors, at most 4: the main thread needs one, the host has others. */
  readonly threads?: number;
  /** Threads that stand ready for when one is killed; 1 by default. Starting one takes 200 to 300 ms. */
  readonly spares?: number;
  /** How long a task may run before its thread is killed; 30,000 ms by default. A cancelled caller is not always heard of. */
  readonly timeoutMs?: number;
  /** JavaScript heap of one thread; 512 MiB by default. The task that needs more fails, the process lives. */
  readonly memoryMiB?: number;
  /** Tasks that may wait; eight per thread by default. */
  readonly maxQueued?: number;
  /** How long a task may wait for a thread; as long as it may run by default. */
  readonly queueTimeoutMs?: number;
  /** For messages; the file's name by default. */
  readonly name?: string;
}

/** For one task. */
export interface TaskOptions {
  /** Buffers that move to the thread instead of being copied; they are empty here afterwards. */
  readonly transfer?: readonly NodeTransferable[];
  /** Kills the thread when aborted; the current call's signal by default. */
  readonly signal?: AbortSignal;
  /** Instead of the pool's. */
  readonly timeoutMs?: number;
  /** Whose turn this is; the current call's lane by default. */
  readonly lane?: string;
}

/** How a pool is doing. */
export interface PoolStats {
  readonly threads: number;
  readonly running: number;
  readonly queued: number;
  readonly done: number;
  readonly failed: number;
  /** Threads killed: time-outs and cancellations. */
  readonly killed: number;
}

/** A function that may run in a thread: one argument that can be cloned. */
export type ThreadFunction = (argument: never) => unknown;

/** The same function, called from the main thread. */
export type Offloaded<F extends ThreadFunction> = (
  argument: Parameters<F>[0],
  options?: TaskOptions,
) => Promise<Awaited<ReturnType<F>>>;

/** Worker threads for the functions of one module. */
export interface Pool<M> {
  /** A function that the module exports, to be called as if it were here. */
  task<K extends keyof M & string>(name: K): M[K] extends ThreadFunction ? Offloaded<M[K]> : never;
  stats(): PoolStats;
  /** Refuses what waits and comes, lets what runs end (as long as a task may take, unless told otherwise), ends the threads. */
  close(drainMs?: number): Promise<void>;
}

/** Pools that are open, for shutting down. */
const open = new Set<ThreadPool>();

/**
 * Makes a pool of worker threads for a module: `createPool<typeof import('./work.js')>(new URL('./work.js', import.meta.url))`.
 * Make it once, at module load; one made inside a handler is warned about.
 */
export function createPool<M = Record<string, ThreadFunction>>(
  file: URL | string,
  options: PoolOptions = {},
): Pool<M> {
  return makePool(file, options, createPool);
}

/** Makes a pool for whoever the user called, so that a warning names the user's line. */
export function makePool<M>(
  file: URL | string,
  options: PoolOptions,
  calledAs: (...args: never[]) => unknown,
): Pool<M> {
  const pool = new ThreadPool(file, options);
  warnWhenMadePerCall(pool.name, calledAs);
  open.add(pool);
  // The types of what the module exports are known to the caller alone.
  return pool as unknown as Pool<M>;
}

/** Closes every pool of the process, as `close` does. */
export async function closePools(drainMs?: number): Promise<void> {
  await Promise.all(Array.from(open, async (pool) => pool.close(drainMs)));
}

const THREAD = fileURLToPath(new URL('./thread.js', import.meta.url));
/** More threads than this seldom pay for a server: they share one memory bus, and each costs some ten MiB. */
const MOST_THREADS = 4;

/** A thread starts within 200 to 300 ms, on a busy machine within a second or two. */
const BOOT_MS = 2000;

class ThreadPool {
  readonly name: string;
  readonly #piscina: Piscina<ThreadTask, ThreadAnswer>;
  readonly #booting: Booting;
  readonly #gate: Limit;
  readonly #threads: number;
  readonly #timeoutMs: number;
  readonly #advice: Advice;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #done = 0;
  #failed = 0;
  #killed = 0;

  constructor(file: URL | string, options: PoolOptions) {
    const href = new URL(file).href;
    this.name = options.name ?? decodeURIComponent(href.slice(href.lastIndexOf('/') + 1));
    const byDefault = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1));
    this.#threads = requireNumber('threads', options.threads ?? byDefault, 1);
    this.#timeoutMs = requireNumber('timeoutMs', options.timeoutMs ?? 30_000, 1, 2 ** 31 - 1);
    this.#advice = new Advice(this.name);
    // piscina's own queue lets single tasks starve for seconds: it never gets more than it has threads.
    this.#gate = createLimit({
      maxConcurrent: this.#threads,
      maxQueued: options.maxQueued ?? 8 * this.#threads,
      queueTimeoutMs: options.queueTimeoutMs ?? this.#timeoutMs,
    });
    const count = this.#threads + requireNumber('spares', options.spares ?? 1, 0);
    this.#piscina = new Piscina({
      filename: THREAD,
      minThreads: count,
      maxThreads: count,
      idleTimeout: Infinity,
      resourceLimits: { maxOldGenerationSizeMb: requireNumber('memoryMiB', options.memoryMiB ?? 512, 8) },
      workerData: { file: href } satisfies ThreadData,
      recordTiming: false,
    });
    this.#booting = new Booting(this.#piscina as Piscina<never, never>);
    // A thread that ends between tasks is replaced; without a listener it would take the process along.
    this.#piscina.on('error', (error: Error) => {
      process.emitWarning(`A worker thread of ${this.name} ended: ${error.message}`, 'MettleWarning');
    });
  }

  task(name: string): Offloaded<ThreadFunction> {
    return async (argument, options) => this.#run({ name, argument }, options);
  }

  stats(): PoolStats {
    const { running, queued } = this.#gate;
    return {
      threads: this.#threads,
      running,
      queued,
      done: this.#done,
      failed: this.#failed,
      killed: this.#killed,
    };
  }

  async close(drainMs: number = this.#timeoutMs): Promise<void> {
    this.#closing ??= this.#end(drainMs);
    await this.#closing;
  }

  async #end(drainMs: number): Promise<void> {
    this.#gate.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    await Promise.race([Promise.allSettled(this.#running), late]);
    clearTimeout(timer);
    await this.#booting.done(BOOT_MS);
    await this.#piscina.destroy();
    open.delete(this);
  }

  async #run(task: ThreadTask, options: TaskOptions = {}): Promise<never> {
    const call = currentCall();
    const signal = options.signal ?? call?.signal;
    const lane = options.lane ?? call?.lane ?? '';
    const where = signal === undefined ? { lane } : { lane, signal };
    return this.#gate.run(async () => {
      const running = this.#inThread(task, options, signal);
      this.#running.add(running);
      try {
        return (await running) as never;
      } finally {
        this.#running.delete(running);
      }
    }, where);
  }

  async #inThread(task: ThreadTask, options: TaskOptions, signal: AbortSignal | undefined): Promise<unknown> {
    if (signal?.aborted === true) throw cancelled(signal);
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const kill = new AbortController();
    let stopped: RuntimeError | undefined;
    const stop = (why: RuntimeError): void => {
      stopped = why;
      this.#killed++;
      kill.abort();
    };
    // Not AbortSignal.any with AbortSignal.timeout: finished tasks would stay in memory until their time is over.
    const timer = setTimeout(() => {
      const message = `${task.name} of ${this.name} was stopped after ${timeoutMs} ms, its deadline`;
      stop(new RuntimeError('METTLE_TIMED_OUT', message));
    }, timeoutMs);
    const onAbort = (): void => stop(cancelled(signal as AbortSignal));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const transferList = options.transfer as never;
      const answer = await this.#piscina.run(task, { transferList, signal: kill.signal });
      this.#advice.took(answer.tookMs);
      if (answer.thrown !== undefined) throw rethrown(answer.thrown);
      this.#done++;
      return answer.result;
    } catch (error) {
      this.#failed++;
      throw stopped ?? inWords(error, task.name, this.name);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
