import { Buffer } from 'node:buffer';
import { SnapshotError } from './snapshot-error.ts';

const QUOTE = 34;
const BACKSLASH = 92;

/** A JSON value of any kind, from its first byte to its end: kept as text up to `longest` bytes, or passed over. */
export class ValueText {
  readonly offset: number;
  readonly #longest: number;
  readonly #parts: Buffer[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** `first` is the byte at `offset`, already taken. `longest` 0: nothing is kept. */
  constructor(first: number, offset: number, longest: number) {
    this.offset = offset;
    this.#longest = longest;
    this.#step(first);
    if (longest > 0) this.#keep(Uint8Array.of(first), offset);
  }

  /** Reads on from `at`. The place after the value; -1 when the chunk ended before that was known. */
  read(bytes: Uint8Array, at: number, offset: number): number {
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      const nested = this.#depth > 0 || this.#inString;
      // A number or a word has no end of its own: it ends before what follows.
      if (!nested && (byte === 44 || byte === 125)) return this.#done(bytes, at, i, offset);
      this.#step(byte);
    }
    if (this.#longest > 0) this.#keep(bytes.subarray(at), offset);
    return -1;
  }

  text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }

  #done(bytes: Uint8Array, at: number, end: number, offset: number): number {
    if (this.#longest > 0) this.#keep(bytes.subarray(at, end), offset);
    return end;
  }

  #step(byte: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === QUOTE) this.#inString = true;
    else if (byte === 91 || byte === 123) this.#depth++;
    else if (byte === 93 || byte === 125) this.#depth--;
  }

  #keep(bytes: Uint8Array, offset: number): void {
    this.#length += bytes.length;
    if (this.#length > this.#longest)
      throw new SnapshotError(
        `it is no V8 heap snapshot: the description at its beginning goes on past byte ${offset}`,
        offset,
      );
    this.#parts.push(Buffer.from(bytes));
  }
}
