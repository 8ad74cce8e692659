import { redactText } from '../evidence/index.ts';

const MAX_LINES = 20;
const MAX_LINE_CHARACTERS = 500;
/** 20 lines of 500 characters of at most 3 bytes fit: of a flooding chunk only the end is ever decoded. */
const DECODED_BYTES = 32 * 1024;

/** The last lines of a stream that may flood: bounded memory, bounded work per chunk. */
export class TextTail {
  #lines: string[] = [];
  #open = '';

  push(chunk: Buffer): void {
    const text = chunk.subarray(Math.max(0, chunk.length - DECODED_BYTES)).toString('utf8');
    const pieces = text.split('\n');
    pieces[0] = this.#open + (pieces[0] ?? '');
    this.#open = (pieces.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    if (pieces.length > 0)
      this.#lines = [
        ...this.#lines,
        ...pieces
          .filter((line) => !NATIVE_FRAME.test(line))
          .slice(-MAX_LINES)
          .map((line) => line.slice(0, MAX_LINE_CHARACTERS)),
      ].slice(-MAX_LINES);
  }

  /** Oldest first; empty lines left out, secrets redacted. */
  lines(): readonly string[] {
    return [...this.#lines, this.#open]
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-MAX_LINES)
      .map(redactText);
  }
}

const NOT_TELLING =
  /^\s*(at |\^|~|\}|\{|-----|\d+: |Node\.js v|node:|throw |[\w./\\:-]+:\d+$|npm (ERR!|error) A complete log)/;
/** What an error begins with in JavaScript, Python, V8 ("FATAL ERROR: Reached heap limit"), Go and Rust. */
const NAMES_AN_ERROR = /^\s*(Uncaught )?\w*(Error|Exception)\b.*:|^\s*(FATAL|fatal|panic)\b|\bpanicked at\b/;
/** After an abort V8 writes a native stack longer than the tail; the sentence above it says why. */
const NATIVE_FRAME = /^\s*\d+: 0x[\da-f]+/;

/** The line that says most: the last that names an error, else the last that is no stack, brace or banner. */
export function tellingLine(lines: readonly string[]): string | null {
  const backwards = lines.toReversed();
  const named = backwards.find((line) => NAMES_AN_ERROR.test(line));
  const line = named ?? backwards.find((text) => !NOT_TELLING.test(text)) ?? backwards[0];
  return line === undefined ? null : line.trim().slice(0, 300);
}
