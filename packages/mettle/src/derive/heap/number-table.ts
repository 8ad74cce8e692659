import { SnapshotError } from './snapshot-error.ts';

/** Takes the rows of a table of numbers one by one; the array is used again for the next. */
export interface RowSink {
  row(values: Float64Array): void;
}

const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const CLOSE = 93;

/**
 * Decodes `1,2,3,…]` into rows of `width` numbers, straight from bytes and across chunks: no text, no array of
 * numbers, nothing kept but the row being read. Numbers are exact up to 2^53.
 */
export class NumberTable {
  readonly #what: string;
  readonly #sink: RowSink;
  readonly #row: Float64Array;
  #field = 0;
  #value = 0;
  #negative = false;
  /** Within a number, whose next digit may be in the next chunk. */
  #open = false;
  /** After a comma, or at the beginning. */
  #wantsNumber = true;
  #rows = 0;

  constructor(what: string, width: number, sink: RowSink) {
    this.#what = what;
    this.#sink = sink;
    this.#row = new Float64Array(width);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Reads on from `at`. The place after the closing bracket; -1 when the chunk ended before it. */
  read(bytes: Uint8Array, at: number, offset: number): number {
    const end = bytes.length;
    const row = this.#row;
    const width = row.length;
    let field = this.#field;
    let i = at;
    while (i < end) {
      let byte = bytes[i] as number;
      if (byte >= ZERO && byte <= NINE) {
        let value = this.#value;
        if (!this.#open && !this.#wantsNumber) this.#refuse(byte, offset + i);
        do {
          value = value * 10 + (byte - ZERO);
          i++;
          if (i === end) {
            this.#value = value;
            this.#open = true;
            this.#field = field;
            return -1;
          }
          byte = bytes[i] as number;
        } while (byte >= ZERO && byte <= NINE);
        this.#open = false;
        this.#value = 0;
        this.#wantsNumber = false;
        if (value > Number.MAX_SAFE_INTEGER) this.#tooLarge(offset + i);
        row[field++] = this.#negative ? this.#negated(value) : value;
        if (field === width) {
          field = 0;
          this.#rows++;
          this.#sink.row(row);
        }
      } else if (this.#open) field = this.#finish(field);
      if (byte === COMMA && !this.#wantsNumber) this.#wantsNumber = true;
      else if (byte === CLOSE) {
        this.#field = field;
        this.#checkEnd(offset + i);
        return i + 1;
      } else if (byte === MINUS && this.#wantsNumber && !this.#negative) this.#negative = true;
      else if (byte > 32) this.#refuse(byte, offset + i);
      i++;
    }
    this.#field = field;
    return -1;
  }

  /** A number that ended exactly with its chunk. */
  #finish(field: number): number {
    this.#row[field] = this.#negative ? this.#negated(this.#value) : this.#value;
    this.#open = false;
    this.#value = 0;
    this.#wantsNumber = false;
    if (field + 1 < this.#row.length) return field + 1;
    this.#rows++;
    this.#sink.row(this.#row);
    return 0;
  }

  #negated(value: number): number {
    this.#negative = false;
    return -value;
  }

  #checkEnd(offset: number): void {
    if (this.#field !== 0 || (this.#wantsNumber && this.#rows > 0) || this.#negative)
      throw new SnapshotError(`its ${this.#what} end in the middle of one (byte ${offset})`, offset);
  }

  #tooLarge(offset: number): never {
    throw new SnapshotError(
      `its ${this.#what} hold a number above 2^53 (byte ${offset}), which cannot be kept exactly`,
      offset,
    );
  }

  #refuse(byte: number, offset: number): never {
    const seen = byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : `byte value ${byte}`;
    throw new SnapshotError(
      `its ${this.#what} hold ${seen} where a number should be (byte ${offset})`,
      offset,
    );
  }
}
