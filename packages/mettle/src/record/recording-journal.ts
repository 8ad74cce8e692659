import { appendFile, readFile, rm } from 'node:fs/promises';
import { RecordingSoFar } from './recording-so-far.ts';
import type { RecordingEntry } from './recording-so-far.ts';
import type { Recording } from './recording.ts';

/** The first line of a journal. */
const FORM = 'mettle/recording-journal@1';
/** Calls beyond the timeline's room are only counted, and their counts written this often: a journal may run for weeks. */
const COUNTS_EVERY_MS = 60_000;

/**
 * What was recorded so far, on disk, for the case that the client ends us without warning. Only what is new is written:
 * to write everything again each time would hold up the conversation for longer and longer.
 */
export class RecordingJournal {
  readonly #path: string;
  readonly #again: Map<number, number> = new Map();
  #lines: string[] = [];
  #hasCalls = false;
  #hasHeader = false;
  #isBroken = false;
  #countsWrittenMs = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** To be written with the next flush. Takes microseconds. */
  note(entry: RecordingEntry): void {
    if (this.#isBroken) return;
    if ('again' in entry) {
      const [call, times] = entry.again;
      this.#again.set(call, (this.#again.get(call) ?? 0) + times);
      return;
    }
    this.#hasCalls ||= 'call' in entry;
    this.#lines.push(`${JSON.stringify(entry)}\n`);
  }

  /** Writes what is new, unless no call was made yet. Rejects when it cannot; nothing is written after that. */
  flush(startedAt: string, nowMs: number): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write(startedAt, nowMs));
    return this.#writing;
  }

  async remove(): Promise<void> {
    this.#isBroken = true;
    await this.#writing.catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  async #write(startedAt: string, nowMs: number): Promise<void> {
    if (this.#isBroken || !this.#hasCalls) return;
    if (this.#again.size > 0 && nowMs - this.#countsWrittenMs >= COUNTS_EVERY_MS) {
      for (const again of this.#again) this.#lines.push(`${JSON.stringify({ again })}\n`);
      this.#again.clear();
      this.#countsWrittenMs = nowMs;
    }
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    if (!this.#hasHeader) lines.unshift(`${JSON.stringify({ journal: FORM, startedAt })}\n`);
    this.#hasHeader = true;
    try {
      await appendFile(this.#path, lines.join(''), { mode: 0o600 });
    } catch (error) {
      // Part of it may be there: what came after a torn line would be read as something else.
      this.#isBroken = true;
      throw error;
    }
  }
}

/** What a journal holds up to where it was torn off; null = no journal, or one without its first line. */
export async function readJournal(path: string): Promise<Recording | null> {
  const [first = '', ...lines] = (await readFile(path, 'utf8')).split('\n');
  const header = parsed(first);
  if (header?.['journal'] !== FORM || typeof header['startedAt'] !== 'string') return null;
  const soFar = new RecordingSoFar(header['startedAt']);
  for (const line of lines) {
    const entry = parsed(line);
    if (entry === null) break;
    soFar.add(entry as unknown as RecordingEntry);
  }
  return soFar.recording();
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
