import { monotonicMs } from '../session/index.ts';
import type { Stage } from './plan.ts';

/**
 * The time that stages did not use of theirs: servers with few tools have all timed calls that are wanted long before the
 * end. It goes to the stages on servers of their own, which come last and can use all that they get.
 */
export class TimeLeftOver {
  readonly #now: () => number;
  #plannedMs = 0;
  #usedMs = 0;

  constructor(now: () => number = monotonicMs) {
    this.#now = now;
  }

  /** Runs a stage, noting how long it takes. */
  async during<T>(stage: Stage, run: () => Promise<T>): Promise<T> {
    const startedAtMs = this.#now();
    try {
      return await run();
    } finally {
      this.#plannedMs += stage.budgetMs;
      this.#usedMs += this.#now() - startedAtMs;
    }
  }

  /** The stage with what is left over; what others used on top of theirs is not taken from it. */
  addedTo(stage: Stage): Stage {
    return { ...stage, budgetMs: stage.budgetMs + Math.max(0, this.#plannedMs - this.#usedMs) };
  }
}
