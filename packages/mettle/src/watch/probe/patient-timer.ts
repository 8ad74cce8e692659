import { monotonicMs } from '../../session/clock.ts';

/**
 * A timer that is later than this tells that our own process stood still, on a busy machine: what came meanwhile has not
 * been read yet, and the server is not to blame.
 */
const OWN_PAUSE_MS = 50;
/** So much time more is given then, once: enough to read what waits. */
const LONGEST_AMENDS_MS = 2000;

/** Tells when a time has passed in which this process was there to see. */
export class PatientTimer {
  readonly #expire: (byMs: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #amended = false;

  /** `expire` is given the time, on the monotonic clock, that it was armed for. */
  constructor(expire: (byMs: number) => void) {
    this.#expire = expire;
  }

  arm(byMs: number): void {
    this.#timer = setTimeout(() => this.#passed(byMs), Math.max(0, byMs - monotonicMs()));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #passed(byMs: number): void {
    const pauseMs = monotonicMs() - byMs;
    if (this.#amended || pauseMs <= OWN_PAUSE_MS) {
      this.#expire(byMs);
      return;
    }
    this.#amended = true;
    this.#timer = setTimeout(() => this.#expire(byMs), Math.min(pauseMs, LONGEST_AMENDS_MS));
  }
}
