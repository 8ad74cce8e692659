/*
 * How long the host kept processors from this process: Linux tells for each thread how long it was ready to run and did
 * not. On a machine that others use, a latency without it is that of the scheduler.
 */
import { readFileSync } from 'node:fs';

/** CPU time and time without a processor of a thread, in ms; zeros where the host does not tell. */
export function scheduled(thread) {
  try {
    const [ranNs, waitedNs] = readFileSync(`/proc/${thread}/schedstat`, 'utf8').split(' ').map(Number);
    return { ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 };
  } catch {
    return { ranMs: 0, waitedMs: 0 };
  }
}

export const MAIN_THREAD = `self/task/${process.pid}`;
export const THIS_THREAD = 'thread-self';

/** A clock that stands still while the host keeps any of these threads waiting; read afterwards, for moments noted. */
export class OwnClock {
  #threads;
  #looks = [];
  #own;
  #timer;

  constructor(threads, everyMs = 1) {
    this.#threads = threads;
    this.look();
    this.#timer = setInterval(() => this.look(), everyMs).unref();
  }

  look() {
    const waited = this.#threads.map((thread) => scheduled(thread).waitedMs);
    this.#looks.push({ at: performance.now(), waited });
  }

  /** Ends the looking and works out what was whose time. */
  stop() {
    clearInterval(this.#timer);
    this.look();
    const looks = this.#looks;
    const waitedMs = new Float64Array(looks.length);
    for (const thread of this.#threads.keys()) {
      // Told when the waiting is over, however long it was: what is more than an interval belongs to those before it.
      let carriedMs = 0;
      for (let at = looks.length - 1; at > 0; at--) {
        carriedMs += looks[at].waited[thread] - looks[at - 1].waited[thread];
        const inThisMs = Math.min(carriedMs, looks[at].at - looks[at - 1].at);
        carriedMs -= inThisMs;
        // Two threads that wait at once lose that time once.
        waitedMs[at] = Math.max(waitedMs[at], inThisMs);
      }
    }
    this.#own = new Float64Array(looks.length);
    for (let at = 1; at < looks.length; at++)
      this.#own[at] = this.#own[at - 1] + (looks[at].at - looks[at - 1].at) - waitedMs[at];
  }

  /** Own time at a moment of performance.now(). */
  at(moment) {
    let [low, high] = [0, this.#looks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#looks[middle].at < moment) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return moment - this.#looks[0].at;
    const [from, to] = [this.#looks[low - 1].at, this.#looks[low].at];
    const part = Math.min(1, (moment - from) / Math.max(to - from, 1e-6));
    return this.#own[low - 1] + part * (this.#own[low] - this.#own[low - 1]);
  }
}
