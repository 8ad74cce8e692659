/** One job of libuv's thread pool. Times are performance.now(). */
export interface PoolJob {
  readonly queuedAtMs: number;
  /** When a thread was free for it; null while it stands in the queue. */
  startedAtMs: number | null;
  readonly slow: boolean;
}

/** Jobs looked at one by one; beyond that the queue is so long that it makes no difference. */
const MAX_JOBS = 10_000;

/** libuv's thread pool as it must have gone: jobs start in the order in which they are queued, on a known number of threads. */
export class ThreadPool {
  readonly threads: number;
  /** The most jobs that were outstanding at once. */
  maxJobs = 0;
  readonly #jobs = new Set<PoolJob>();

  constructor(size: string | undefined) {
    // As libuv reads it: atoi, 0 becomes 1, at most 1024; 4 when it is not set.
    const asked = size === undefined ? 4 : Number.parseInt(size, 10) || 1;
    this.threads = Math.min(1024, Math.max(1, asked));
  }

  queue(atMs: number, slow: boolean): PoolJob | null {
    if (this.#jobs.size >= MAX_JOBS) return null;
    const job: PoolJob = { queuedAtMs: atMs, startedAtMs: null, slow };
    this.#jobs.add(job);
    this.maxJobs = Math.max(this.maxJobs, this.#jobs.size);
    this.#start(atMs);
    return job;
  }

  done(job: PoolJob, atMs: number): void {
    this.#jobs.delete(job);
    job.startedAtMs ??= atMs;
    this.#start(atMs);
  }

  /** Free threads take the next jobs. libuv lets look-ups of names have half of the threads, rounded up. */
  #start(atMs: number): void {
    let running = 0;
    let slow = 0;
    const slowMost = (this.threads + 1) >> 1;
    for (const job of this.#jobs) {
      if (running === this.threads) return;
      if (job.startedAtMs === null) {
        if (job.slow && slow === slowMost) continue;
        job.startedAtMs = atMs;
      }
      running++;
      if (job.slow) slow++;
    }
  }
}
