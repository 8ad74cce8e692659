/**
 * Netflix' Gradient2: a limit on calls in flight that follows latency. While a call takes as long as calls usually take,
 * the limit grows; when it takes longer, calls queue somewhere, and the limit falls. It needs no tuning.
 */
export interface Gradient2Options {
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Length of the long average, in calls: Netflix' value; shorter forgets what "usual" is during an overload. */
const LONG_WINDOW = 600;
/** Calls whose plain average starts the long one. */
const WARM_UP = 10;
/** How much of each new estimate is taken over: Netflix' value. */
const SMOOTHING = 0.2;
/** How many may queue unseen: room to find out that more is possible. */
const HEADROOM = 4;
/** A call may take this much longer than usual before that counts as queueing: ordinary variance must not shrink the limit. */
const TOLERANCE = 1.5;

/** State of one limit; one per tool, for a slow and a fast tool share no "usual". */
export class Gradient2 {
  readonly #min: number;
  readonly #max: number;
  #limit: number;
  #longMs = 0;
  #samples = 0;

  /** Defaults 20, 4 and 200: Netflix' own start and end; 4 keeps a tool that once was slow alive. */
  constructor({ initial = 20, min = 4, max = 200 }: Gradient2Options = {}) {
    this.#limit = Math.min(max, Math.max(min, initial));
    this.#min = min;
    this.#max = max;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Takes in how long a call took while so many were in flight, and answers with the limit from now on. */
  sample(tookMs: number, inFlight: number): number {
    const shortMs = Math.max(tookMs, 0.001);
    this.#samples++;
    const weight = this.#samples <= WARM_UP ? 1 / this.#samples : 2 / (LONG_WINDOW + 1);
    this.#longMs += weight * (shortMs - this.#longMs);
    // After an overload the long average is far above what calls now take: let it come down at once.
    if (this.#longMs / shortMs > 2) this.#longMs *= 0.95;
    // Callers who do not use the limit say nothing about whether it is right.
    if (inFlight < this.#limit / 2) return this.limit;
    const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * this.#longMs) / shortMs));
    const target = this.#limit * gradient + HEADROOM;
    this.#limit += SMOOTHING * (target - this.#limit);
    this.#limit = Math.min(this.#max, Math.max(this.#min, this.#limit));
    return this.limit;
  }
}
