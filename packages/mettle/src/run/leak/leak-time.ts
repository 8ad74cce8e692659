import { monotonicMs } from '../../session/clock.ts';

/** Enough to tell a leak from growth that ends, however long it took until growth was seen; on a crowded machine up to three times as long. */
const LEAST_FOR_VERDICTS_MS = 8000;
const MOST_CROWDED = 3;
/** What may be used on top of the time where nobody else wants the cores. */
const USUAL_ON_TOP = 0.5;
/** All steps of an examination on a crowded machine: a stage with less than that may use so much where it must. */
const CROWDED_MS = 36_000;
/** Of the whole time, for the steps that come after the calls. */
const RESERVED = 0.15;

export interface LeakTimeOptions {
  /** End of the examination on the machine's monotonic clock. */
  readonly untilMs: number;
  /** How much later it may be when nothing could be said otherwise. */
  readonly onTopMs?: number;
  readonly now?: () => number;
}

/** The time of one examination: how much of it is left for what, and when more of it is used. */
export class LeakTime {
  readonly #now: () => number;
  readonly #latestMs: number;
  readonly #forVerdictsMs: number;
  #untilMs: number;
  #reserveMs: number;

  constructor({ untilMs, onTopMs = 0, now = monotonicMs }: LeakTimeOptions) {
    this.#now = now;
    this.#untilMs = untilMs;
    const budgetMs = untilMs - now();
    const crowded = Math.min(MOST_CROWDED, Math.max(1, onTopMs / budgetMs / USUAL_ON_TOP));
    // A short stage has its part of what all steps of it take there.
    this.#forVerdictsMs = LEAST_FOR_VERDICTS_MS * (budgetMs < CROWDED_MS ? 1 : crowded);
    this.#latestMs = untilMs + Math.min(onTopMs, Math.max(this.#forVerdictsMs, CROWDED_MS - budgetMs));
    this.#reserveMs = budgetMs * RESERVED;
  }

  get leftMs(): number {
    return this.#untilMs - this.#now();
  }

  /** Time for what comes before the last steps. */
  get leftForCallsMs(): number {
    return Math.max(0, this.leftMs - this.#reserveMs);
  }

  /** What is left is for the last steps: the verdicts, and where things grow. */
  get isShort(): boolean {
    return this.leftMs < this.#reserveMs;
  }

  /** Until growth has to be seen: of what may be used on top, the verdicts get theirs. */
  get leftForScreeningMs(): number {
    return this.#screenedByMs - this.#now();
  }

  get #screenedByMs(): number {
    return Math.max(this.#untilMs, this.#latestMs - this.#forVerdictsMs);
  }

  /** Until all has to have ended, whatever may be used on top. */
  get mostLeftMs(): number {
    return this.#latestMs - this.#now();
  }

  /** The snapshots take longer than was planned for: what may be used on top of the time is used. */
  extendForScreening(): void {
    this.#untilMs = this.#screenedByMs;
  }

  /** What was seen so far is no verdict yet: some seconds more, where time has run out. */
  extendForVerdicts(): void {
    const wanted = Math.min(this.#latestMs, this.#now() + this.#forVerdictsMs);
    this.#untilMs = Math.max(this.#untilMs, wanted);
    this.#reserveMs = this.leftMs * RESERVED;
  }
}
