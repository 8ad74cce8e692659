import type { HandlerContext, HandlerRequest } from './era.ts';

/*
 * SDK v1's task-augmented calls answer as soon as the task exists, while its work goes on. The place of such a call is
 * held until the task ends: its store says so, the client cancels it, or its time to live is over.
 */

/** Statuses after which nothing runs any more. */
const ENDED = new Set(['completed', 'failed', 'cancelled']);
/** How long an unheard-of task holds its place when it names no time to live: an hour, as long as SDK examples keep results. */
const UNKNOWN_TTL_MS = 3_600_000;

/** Whether the call asks for a task instead of an answer. */
export function asksForTask({ params }: HandlerRequest): boolean {
  return params?.task !== undefined && params.task !== null;
}

/** Tasks that hold a place. */
export class RunningTasks {
  readonly #release = new Map<string, () => void>();

  get size(): number {
    return this.#release.size;
  }

  /** Listens, before the handler runs, for the end of the task that it will make; answers with those that already ended. */
  listen(context: HandlerContext): ReadonlySet<string> {
    const early = new Set<string>();
    const store = context.taskStore;
    if (store === undefined) return early;
    const listening = { ...store };
    for (const change of ['storeTaskResult', 'updateTaskStatus'] as const) {
      listening[change] = async (taskId, status, ...rest) => {
        try {
          await store[change](taskId, status, ...rest);
        } finally {
          if (ENDED.has(status)) {
            early.add(taskId);
            this.ended(taskId);
          }
        }
      };
    }
    context.taskStore = listening;
    return early;
  }

  /** Keeps the place of the task that this result announces; false when it announces none, or one that has ended. */
  hold(result: unknown, early: ReadonlySet<string>, release: () => void): boolean {
    const task = (result as { task?: { taskId?: unknown; status?: unknown; ttl?: unknown } } | undefined)
      ?.task;
    if (typeof task?.taskId !== 'string' || ENDED.has(String(task.status))) return false;
    const { taskId } = task;
    if (early.has(taskId)) return false;
    const ttlMs = typeof task.ttl === 'number' && task.ttl > 0 ? task.ttl : UNKNOWN_TTL_MS;
    const timer = setTimeout(() => this.ended(taskId), Math.min(ttlMs, 2 ** 31 - 1));
    timer.unref();
    this.#release.set(taskId, () => {
      clearTimeout(timer);
      release();
    });
    return true;
  }

  ended(taskId: string): void {
    const release = this.#release.get(taskId);
    this.#release.delete(taskId);
    release?.();
  }
}
