import type { History, KeptLook, TakenLook } from './history.ts';

interface Waiting {
  readonly look: TakenLook;
  readonly resolve: (kept: KeptLook | null) => void;
  readonly reject: (error: unknown) => void;
}

/** So many looks in one transaction, at most. */
const MOST_AT_ONCE = 500;

/** Gathers the looks that end together, so that they share a transaction; none waits longer than the one before takes. */
export class Writer {
  readonly #history: History;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  constructor(history: History) {
    this.#history = history;
  }

  /** Resolves when the look is kept; null when it had been before. */
  keep(look: TakenLook): Promise<KeptLook | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ look, resolve, reject });
      this.#writing ??= this.#write().finally(() => (this.#writing = null));
    });
  }

  /** Resolves when nothing waits any more. */
  async flushed(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #write(): Promise<void> {
    // Those that end in this turn of the event loop come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_AT_ONCE);
      try {
        const kept = await this.#history.record(batch.map(({ look }) => look));
        for (const [i, { resolve }] of batch.entries()) resolve(kept[i] ?? null);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}
