import type { History, KeptLook, TakenLook } from './history.ts';

interface Waiting {
  readonly look: TakenLook;
  readonly sizeBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface WriterTerms {
  /** Hears of each look that was kept for the first time, however late. */
  readonly onKept: (look: TakenLook, kept: KeptLook) => void;
  /** Whether the history may take later what it refused now. */
  readonly isPassing: (error: unknown) => boolean;
  readonly complain: (sentence: string) => void;
}

/** So many looks in one transaction, at most. */
const MOST_AT_ONCE = 500;
/** While the history is out of reach, so much is kept in memory: an hour of a thousand servers. */
const MOST_WAITING = 60_000;
const MOST_WAITING_BYTES = 128 * 1024 * 1024;
const RETRY_MS = 500;
/** A look without the texts of its tools, about. */
const LOOK_BYTES = 2000;

/**
 * Gathers the looks that end together, so that they share a transaction; none waits longer than the one before takes. While
 * the history is out of reach they wait here, the oldest dropped when there are too many.
 */
export class Writer {
  readonly #history: History;
  readonly #terms: WriterTerms;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #isOut = false;
  #dropped = 0;
  #retry: NodeJS.Timeout | null = null;
  #isClosing = false;

  constructor(history: History, terms: WriterTerms) {
    this.#history = history;
    this.#terms = terms;
  }

  /** Resolves when the look is kept, or waits for a history that is out of reach. */
  keep(look: TakenLook): Promise<void> {
    return new Promise((resolve, reject) => {
      const sizeBytes = LOOK_BYTES + (look.outcome.tools?.bytes ?? 0);
      this.#waiting.push({ look, sizeBytes, resolve, reject });
      this.#waitingBytes += sizeBytes;
      if (this.#isOut) {
        resolve();
        this.#dropSurplus();
      } else this.#begin();
    });
  }

  /** Resolves when nothing waits any more; what cannot be kept by then is lost, and said to be. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#begin();
    await this.#writing;
    if (this.#waiting.length > 0)
      this.#terms.complain(
        `${looks(this.#waiting.length)} not kept: the history did not answer until the end`,
      );
  }

  #begin(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      // One that came between the last look into the queue and here.
      if (this.#waiting.length > 0 && !this.#isOut) this.#begin();
    });
  }

  async #write(): Promise<void> {
    // Those that end in this turn of the event loop come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#take(MOST_AT_ONCE);
      try {
        await this.#record(batch);
      } catch (error) {
        if (this.#terms.isPassing(error)) return this.#putBack(batch, error);
        await this.#oneByOne(batch);
      }
      if (this.#isOut) this.#isBack();
    }
  }

  #take(count: number): readonly Waiting[] {
    const batch = this.#waiting.splice(0, count);
    for (const { sizeBytes } of batch) this.#waitingBytes -= sizeBytes;
    return batch;
  }

  async #record(batch: readonly Waiting[]): Promise<void> {
    const kept = await this.#history.record(batch.map(({ look }) => look));
    for (const [i, { look, resolve }] of batch.entries()) {
      resolve();
      const each = kept[i] ?? null;
      if (each !== null) this.#terms.onKept(look, each);
    }
  }

  /** One that the history refuses for itself must not take the others along. */
  async #oneByOne(batch: readonly Waiting[]): Promise<void> {
    for (const [i, each] of batch.entries()) {
      try {
        await this.#record([each]);
      } catch (error) {
        if (this.#terms.isPassing(error)) return this.#putBack(batch.slice(i), error);
        each.reject(error);
        // Whoever waited for it has long gone.
        if (this.#isOut) this.#dropped += 1;
      }
    }
  }

  #putBack(batch: readonly Waiting[], error: unknown): void {
    for (const { sizeBytes, resolve } of batch) {
      this.#waitingBytes += sizeBytes;
      resolve();
    }
    this.#waiting = [...batch, ...this.#waiting];
    for (const { resolve } of this.#waiting) resolve();
    this.#dropSurplus();
    if (!this.#isOut) {
      this.#isOut = true;
      const why = error instanceof Error ? error.message : String(error);
      this.#terms.complain(`${why}; looks go on, and wait in memory to be kept`);
    }
    if (!this.#isClosing) this.#retry = setTimeout(() => this.#begin(), RETRY_MS);
  }

  #dropSurplus(): void {
    while (
      this.#waiting.length > 1 &&
      (this.#waiting.length > MOST_WAITING || this.#waitingBytes > MOST_WAITING_BYTES)
    ) {
      this.#take(1);
      this.#dropped += 1;
    }
  }

  #isBack(): void {
    if (this.#waiting.length > 0) return;
    this.#isOut = false;
    const lost = this.#dropped === 0 ? '' : `, ${looks(this.#dropped)} dropped for want of memory`;
    this.#dropped = 0;
    this.#terms.complain(`the history answers again: what was seen meanwhile is kept now${lost}`);
  }
}

function looks(count: number): string {
  return `${String(count)} ${count === 1 ? 'look was' : 'looks were'}`;
}
