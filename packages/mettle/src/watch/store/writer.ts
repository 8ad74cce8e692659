import type { History, KeptLook, TakenLook } from './history.ts';
import type { Note } from './missed.ts';

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
  /** So long looks wait for others to share a transaction with. */
  readonly gatherMs: number;
}

/** So many looks in one transaction, at most. */
const MOST_AT_ONCE = 500;
/** While the history is out of reach, so much is kept in memory: an hour of a thousand servers. */
const MOST_WAITING = 60_000;
const MOST_WAITING_BYTES = 128 * 1024 * 1024;
const RETRY_MS = 500;
/** Why slots were passed over; beyond that the oldest are forgotten, which leaves what they explain without a reason. */
const MOST_NOTES = 20_000;
const NOTES_AT_ONCE = 2000;
/** A look without the texts of its tools, about. */
const LOOK_BYTES = 2000;

/**
 * Gathers the looks that end together, so that they share a transaction; none waits longer than the one before takes, and as
 * long as the engine allows. While
 * the history is out of reach they wait here, the oldest dropped when there are too many.
 */
export class Writer {
  readonly #history: History;
  readonly #terms: WriterTerms;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #notes: Note[] = [];
  #writing: Promise<void> | null = null;
  #isOut = false;
  #dropped = 0;
  #retry: NodeJS.Timeout | null = null;
  #isClosing = false;

  constructor(history: History, terms: WriterTerms) {
    this.#history = history;
    this.#terms = terms;
  }

  /** Resolves when the look is kept or was dropped; with a history that is out of reach, that may be a long time. */
  keep(look: TakenLook): Promise<void> {
    return new Promise((resolve, reject) => {
      const sizeBytes = LOOK_BYTES + (look.outcome.tools?.bytes ?? 0);
      this.#waiting.push({ look, sizeBytes, resolve, reject });
      this.#waitingBytes += sizeBytes;
      if (this.#isOut) this.#dropSurplus();
      else this.#begin();
    });
  }

  /** Keeps why slots were passed over. */
  note(note: Note): void {
    this.#notes.push(note);
    if (this.#notes.length > MOST_NOTES) this.#notes.shift();
    if (!this.#isOut) this.#begin();
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
    for (const { resolve } of this.#waiting) resolve();
  }

  #begin(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      // One that came between the last look into the queue and here.
      if (this.#waiting.length + this.#notes.length > 0 && !this.#isOut) this.#begin();
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      const batch = this.#take(MOST_AT_ONCE);
      try {
        await this.#record(batch);
      } catch (error) {
        if (this.#terms.isPassing(error)) return this.#putBack(batch, error);
        await this.#oneByOne(batch);
      }
      if (this.#isOut) this.#isBack();
    }
    await this.#writeNotes();
  }

  /** Those that end in this turn of the event loop come along, at least. */
  async #gather(): Promise<void> {
    const { gatherMs } = this.#terms;
    const isLong = gatherMs > 0 && !this.#isClosing && this.#waiting.length < MOST_AT_ONCE;
    await new Promise((resolve) => (isLong ? setTimeout(resolve, gatherMs) : setImmediate(resolve)));
  }

  /** After the looks: they matter more. */
  async #writeNotes(): Promise<void> {
    while (this.#notes.length > 0) {
      const notes = this.#notes.splice(0, NOTES_AT_ONCE);
      try {
        await this.#history.note(notes);
      } catch (error) {
        if (!this.#terms.isPassing(error)) continue;
        this.#notes = [...notes, ...this.#notes].slice(-MOST_NOTES);
        return this.#away(error);
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
        this.#noteLost(each.look);
        if (this.#isOut) this.#dropped += 1;
      }
    }
  }

  #putBack(batch: readonly Waiting[], error: unknown): void {
    for (const { sizeBytes } of batch) this.#waitingBytes += sizeBytes;
    this.#waiting = [...batch, ...this.#waiting];
    this.#dropSurplus();
    this.#away(error);
  }

  #away(error: unknown): void {
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
    )
      for (const { look, resolve } of this.#take(1)) {
        resolve();
        this.#noteLost(look);
        this.#dropped += 1;
      }
  }

  #noteLost({ server, region, slotMs }: TakenLook): void {
    this.#notes.push({ server: server.name, region, fromMs: slotMs, toMs: slotMs, reason: 'not-kept' });
    if (this.#notes.length > MOST_NOTES) this.#notes.shift();
  }

  #isBack(): void {
    // What waited meanwhile is kept; some have always just come.
    if (this.#waiting.length >= MOST_AT_ONCE) return;
    this.#isOut = false;
    const lost = this.#dropped === 0 ? '' : `, ${looks(this.#dropped)} dropped for want of memory`;
    this.#dropped = 0;
    this.#terms.complain(`the history answers again: what was seen meanwhile is kept now${lost}`);
  }
}

function looks(count: number): string {
  return `${String(count)} ${count === 1 ? 'look was' : 'looks were'}`;
}
