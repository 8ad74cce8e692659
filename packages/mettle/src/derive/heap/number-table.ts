import { SnapshotError } from './snapshot-error.ts';

/** Takes rows of numbers, many at a time; the array is used again for the next. */
export interface RowSink {
  rows(values: Float64Array, count: number): void;
}

const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const CLOSE = 93;
const BLANK = 32;
/** Enough that handing them over costs nothing, few enough to stay in the processor's cache. */
const ROWS_AT_A_TIME = 512;

/**
 * So many bytes are decoded by one call. V8 makes fast code of a function that is called often; of one call with a long
 * loop it does so in mid-loop, with the paths taken until then only, and falls back at each end of a chunk.
 */
const SLICE_BYTES = 1024;

/** What is kept from slice to slice. Numbers in one array: private fields would cost the loop its speed. */
const FILLED = 0;
/** The number being read, whose next digit may be in the next slice. */
const VALUE = 1;
const OPEN = 2;
/** After a comma, or at the beginning. */
const WANTS_NUMBER = 3;
/** -1 after a minus. */
const SIGN = 4;

/**
 * Decodes `1,2,3,…]` into rows of `width` numbers, straight from bytes and across chunks: no text, and nothing kept but
 * the rows being read. Numbers are exact up to 2^53.
 */
export class NumberTable {
  readonly #what: string;
  readonly #width: number;
  readonly #sink: RowSink;
  readonly #batch: Float64Array;
  readonly #state: Float64Array = Float64Array.of(0, 0, 0, 1, 1);
  #empty = true;

  constructor(what: string, width: number, sink: RowSink) {
    this.#what = what;
    this.#width = width;
    this.#sink = sink;
    this.#batch = new Float64Array(Math.max(1, width) * ROWS_AT_A_TIME);
  }

  /** Reads on from `at`. The place after the closing bracket; -1 when the chunk ended before it. */
  read(bytes: Uint8Array, at: number, offset: number): number {
    const state = this.#state;
    const batch = this.#batch;
    let i = at;
    while (i < bytes.length) {
      const end = Math.min(bytes.length, i + SLICE_BYTES);
      i = decode(bytes, i, end, batch, state);
      const full = state[FILLED] === batch.length;
      if (full) this.#handOver(offset + i);
      if (i === end || full) continue;
      const byte = bytes[i] as number;
      i++;
      if (byte === CLOSE) {
        this.#finish(offset + i - 1);
        return i;
      }
      this.#refuse(byte, offset + i - 1);
    }
    return -1;
  }

  /** Gives complete rows to the sink. */
  #handOver(offset: number): void {
    const filled = this.#state[FILLED] as number;
    if (filled === 0) return;
    const batch = this.#batch;
    for (let i = 0; i < filled; i++)
      if ((batch[i] as number) > Number.MAX_SAFE_INTEGER) this.#tooLarge(offset);
    const count = Math.floor(filled / this.#width);
    this.#empty = false;
    if (count > 0) this.#sink.rows(batch, count);
    this.#state[FILLED] = filled - count * this.#width;
  }

  #finish(offset: number): void {
    this.#handOver(offset);
    const wantsNumber = this.#state[WANTS_NUMBER] === 1 && !this.#empty;
    if (this.#state[FILLED] !== 0 || wantsNumber || this.#state[SIGN] !== 1)
      throw new SnapshotError(`its ${this.#what} end in the middle of one (byte ${offset})`, offset);
  }

  #tooLarge(offset: number): never {
    throw new SnapshotError(
      `its ${this.#what} hold a number above 2^53 (before byte ${offset}), which cannot be kept exactly`,
      offset,
    );
  }

  #refuse(byte: number, offset: number): never {
    const seen = byte > BLANK && byte < 127 ? `"${String.fromCharCode(byte)}"` : `byte value ${byte}`;
    throw new SnapshotError(
      `its ${this.#what} hold ${seen} where a number should be (byte ${offset})`,
      offset,
    );
  }
}

/**
 * Decodes from `at` until `end`, until the batch is full, or until a byte that is no part of a list of numbers. Gives the
 * place of the first byte that is not done.
 */
function decode(
  bytes: Uint8Array,
  at: number,
  end: number,
  batch: Float64Array,
  state: Float64Array,
): number {
  let filled = state[FILLED] as number;
  let wantsNumber = state[WANTS_NUMBER] as number;
  let sign = state[SIGN] as number;
  let i = at;
  if (state[OPEN] === 1) {
    i = proceed(bytes, at, end, state);
    if (i === end) return i;
    batch[filled++] = sign * (state[VALUE] as number);
    state[OPEN] = 0;
    sign = 1;
    wantsNumber = 0;
  }
  while (i < end && filled < batch.length) {
    let digit = (bytes[i] as number) - ZERO;
    // As unsigned numbers, those before the digits are above nine as well: one comparison.
    if (digit >>> 0 <= 9) {
      if (wantsNumber === 0) break;
      // Whole numbers of 31 bits while they suffice, which nearly all do: V8 reckons with them as such.
      let value = digit;
      i++;
      while (i < end) {
        digit = (bytes[i] as number) - ZERO;
        if (digit >>> 0 > 9) break;
        value = value * 10 + digit;
        i++;
      }
      if (i === end) {
        state[VALUE] = value;
        state[OPEN] = 1;
        break;
      }
      batch[filled++] = sign === 1 ? value : -value;
      sign = 1;
      wantsNumber = 0;
    }
    const byte = digit + ZERO;
    if (byte === COMMA) {
      if (wantsNumber === 1) break;
      wantsNumber = 1;
    } else if (byte === MINUS) {
      if (wantsNumber === 0 || sign !== 1) break;
      sign = -1;
    } else if (byte > BLANK) break;
    i++;
  }
  state[FILLED] = filled;
  state[WANTS_NUMBER] = wantsNumber;
  state[SIGN] = sign;
  return i;
}

/** Goes on with a number that the last slice ended in. */
function proceed(bytes: Uint8Array, at: number, end: number, state: Float64Array): number {
  let i = at;
  for (; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte < ZERO || byte > NINE) break;
    state[VALUE] = (state[VALUE] as number) * 10 + (byte - ZERO);
  }
  return i;
}
