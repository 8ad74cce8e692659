import { currentCall } from '../call.ts';
import { cancelled, RuntimeError } from '../errors.ts';
import type { Pool, ThreadFunction } from '../offload/pool.ts';
import type { Connection } from './connection.ts';
import type { BullEvents, BullJob, BullPackage, BullQueue, BullWorker } from './peers.ts';

/** For one remote task. */
export interface RemoteTaskOptions {
  /** Kills the thread on the other machine when aborted; the current call's signal by default. */
  readonly signal?: AbortSignal;
  /** From sending to answer, waiting included; 30,000 ms by default. */
  readonly timeoutMs?: number;
}

/** A function that runs in a worker thread of any machine that serves the queue. */
export type RemoteTask<F extends ThreadFunction> = (
  argument: Parameters<F>[0],
  options?: RemoteTaskOptions,
) => Promise<Awaited<ReturnType<F>>>;

/** Finished jobs are kept for so long: their event may be lost, then the answer is looked up. */
const KEPT_S = 120;
/** How often to look an answer up, in case its event was lost. */
const LOOK_EVERY_MS = 1000;
/** Tools are not known to be repeatable: a job is tried once, by one worker, whatever happens to it. */
const ONCE = { attempts: 1, removeOnComplete: { age: KEPT_S }, removeOnFail: { age: KEPT_S } } as const;

/** Sends tasks to a queue and waits for their answers. */
export class Jobs {
  readonly #channel: string;
  readonly #connection: Connection;
  readonly #queue: BullQueue;
  readonly #events: BullEvents;
  /** Who waits for which job. */
  readonly #waiting = new Map<string, () => void>();

  constructor(name: string, connection: Connection, bull: BullPackage, options: object) {
    this.#channel = `${name}:cancel`;
    this.#connection = connection;
    this.#queue = new bull.Queue(name, options);
    this.#events = new bull.QueueEvents(name, options);
    this.#queue.on('error', () => void connection.lost());
    this.#events.on('error', () => void connection.lost());
    for (const event of ['completed', 'failed'])
      this.#events.on(event, ({ jobId }) => this.#waiting.get(jobId)?.());
  }

  async run(task: string, argument: unknown, options: RemoteTaskOptions = {}): Promise<unknown> {
    const signal = options.signal ?? currentCall()?.signal;
    const timeoutMs = options.timeoutMs ?? 30_000;
    const deadlineAt = Date.now() + timeoutMs;
    const gone = (): boolean => signal?.aborted === true;
    if (gone()) throw cancelled(signal as AbortSignal);
    await this.#events.waitUntilReady();
    const job = await this.#queue.add(task, { argument, deadlineAt }, ONCE);
    const id = job.id as string;
    try {
      return await this.#answer(id, deadlineAt, signal);
    } catch (error) {
      if (!gone() && Date.now() < deadlineAt) throw error;
      // Whoever runs it is told; if nobody does yet, it is taken out.
      this.#connection.tell(this.#channel, id);
      await job.remove().catch(() => undefined);
      if (gone()) throw cancelled(signal as AbortSignal);
      throw new RuntimeError(
        'METTLE_TIMED_OUT',
        `${task} was not answered by another machine within ${timeoutMs} ms`,
      );
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#queue.close(), this.#events.close()]);
  }

  async #answer(id: string, deadlineAt: number, signal: AbortSignal | undefined): Promise<unknown> {
    for (;;) {
      const done = await this.#look(id);
      if (done !== undefined) {
        if (done.failedReason !== undefined && done.failedReason !== '') throw remoteError(done.failedReason);
        return done.returnvalue;
      }
      const leftMs = deadlineAt - Date.now();
      if (leftMs <= 0 || signal?.aborted === true) throw new Error('given up');
      await this.#event(id, Math.min(leftMs, LOOK_EVERY_MS), signal);
    }
  }

  async #look(id: string): Promise<BullJob | undefined> {
    try {
      const job = await this.#queue.getJob(id);
      return job?.finishedOn === undefined ? undefined : job;
    } catch {
      // Redis is lost for the moment; the deadline ends the waiting.
      void this.#connection.lost();
      return undefined;
    }
  }

  async #event(id: string, forMs: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(done, forMs);
      signal?.addEventListener('abort', done, { once: true });
      this.#waiting.set(id, done);
    });
  }
}

/** Serves a queue with a pool of threads; as many jobs at once as there are threads. */
export class JobServer {
  readonly #worker: BullWorker;
  readonly #forget: () => void;

  constructor(
    name: string,
    pool: Pool<Record<string, ThreadFunction>>,
    connection: Connection,
    bull: BullPackage,
    options: object,
  ) {
    const concurrency = pool.stats().threads;
    this.#worker = new bull.Worker(
      name,
      async ({ name: task, data }, _token, signal) => {
        const timeoutMs = data.deadlineAt - Date.now();
        // Its caller has given up while it waited: nobody wants the answer.
        if (timeoutMs <= 0)
          throw tagged(new RuntimeError('METTLE_TIMED_OUT', `${task} waited past its deadline`));
        const run = pool.task(task);
        try {
          return await run(data.argument as never, {
            timeoutMs,
            ...(signal === undefined ? {} : { signal }),
          });
        } catch (error) {
          throw tagged(error);
        }
      },
      { ...options, concurrency, maxStalledCount: 0 },
    );
    this.#worker.on('error', () => void connection.lost());
    this.#forget = connection.listen(`${name}:cancel`, (id) => void this.#worker.cancelJob(id));
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Lets running jobs end. */
  async close(): Promise<void> {
    this.#forget();
    await this.#worker.close();
  }
}

/** Queues carry only the message of an error: the code goes in front of it. */
function tagged(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return 'code' in error && typeof error.code === 'string'
    ? new Error(`[${error.code}] ${error.message}`)
    : error;
}

function remoteError(reason: string): Error {
  const [, code, message] = /^\[([A-Z0-9_]+)\] ([^]*)$/.exec(reason) ?? [];
  return code === undefined ? new Error(reason) : Object.assign(new Error(message), { code });
}
