import { LineSplitter } from '../session/index.ts';
import type { Conversation, Direction, Recorder } from './recorder.ts';

/** A message longer than this is not parsed while the conversation goes on: it would hold it up. */
const MOST_PARSED_BYTES = 1024 * 1024;
/** Bytes heard but not read yet; beyond, what comes is not read at all. */
const MOST_QUEUED_BYTES = 64 * 1024 * 1024;

interface Heard {
  readonly from: Conversation;
  readonly direction: Direction;
  readonly text: Buffer;
  readonly atMs: number;
}

/** Reads messages after they have gone by, one a turn of the event loop, so that none waits for being read. */
export class Listener {
  readonly #recorder: Recorder;
  readonly #nowMs: () => number;
  readonly #queue: Heard[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(recorder: Recorder, nowMs: () => number) {
    this.#recorder = recorder;
    this.#nowMs = nowMs;
  }

  /** A stream of messages, one a line. Its bytes may be given on at once: they are not changed. */
  lines(from: Conversation, direction: Direction): LineSplitter {
    return new LineSplitter(
      (line) => this.message(from, direction, line),
      () => this.#recorder.droppedOne(),
      MOST_QUEUED_BYTES,
    );
  }

  /** One whole message. */
  message(from: Conversation, direction: Direction, text: Buffer): void {
    if (text.length === 0) return;
    if (this.#queuedBytes + text.length > MOST_QUEUED_BYTES) {
      this.#recorder.droppedOne();
      return;
    }
    this.#queuedBytes += text.length;
    this.#queue.push({ from, direction, text, atMs: this.#nowMs() });
    this.#schedule();
  }

  /** Resolves when everything heard has been read. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#queue.shift();
      if (next !== undefined) {
        this.#queuedBytes -= next.text.length;
        this.#read(next);
      }
      if (this.#queue.length > 0) this.#schedule();
      else for (const done of this.#idle.splice(0)) done();
    });
  }

  #read({ from, direction, text, atMs }: Heard): void {
    if (text.length > MOST_PARSED_BYTES) {
      // The id stands near one end of an answer, as JSON.stringify of any SDK puts it.
      const ends = `${text.toString('latin1', 0, 256)} ${text.toString('latin1', text.length - 256)}`;
      const id = /"id":\s*("[^"\\]*"|-?\d+)/.exec(ends)?.[1];
      if (direction === 'to-client' && id !== undefined)
        this.#recorder.heardLarge(from, JSON.parse(id), atMs);
      else this.#recorder.droppedOne();
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(text.toString('utf8'));
    } catch {
      return;
    }
    this.#recorder.hear(from, direction, value, atMs);
  }
}
