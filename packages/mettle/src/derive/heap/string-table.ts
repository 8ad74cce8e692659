import { Buffer } from 'node:buffer';
import { SnapshotError } from './snapshot-error.ts';

const PAGE_BITS = 16;
const PAGE_BYTES = 1 << PAGE_BITS;
const OFFSETS_BITS = 12;
const OFFSETS = 1 << OFFSETS_BITS;
const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const CLOSE = 93;
/** Names are few and asked for often; texts that a server keeps are many and asked for once. */
const MOST_REMEMBERED = 50_000;
const MOST_BYTES = 2 ** 32 - 1;

/**
 * The strings of a snapshot as the bytes that the file has, in pages, decoded when one is asked for. Of a server's
 * heap most strings never are.
 */
export class StringTable {
  readonly #pages: Uint8Array[] = [];
  /** Where each string ends, counted over all pages. */
  readonly #ends: Uint32Array[] = [];
  readonly #remembered = new Map<number, string>();
  #count = 0;
  #length = 0;
  #page: Uint8Array = new Uint8Array(0);
  #inString = false;
  #escaped = false;
  #wantsString = true;

  get count(): number {
    return this.#count;
  }

  /** Reads `"…","…"]` on from `at`. The place after the closing bracket; -1 when the chunk ended before it. */
  read(bytes: Uint8Array, at: number, offset: number): number {
    let i = at;
    while (i < bytes.length) {
      if (this.#inString) {
        i = this.#text(bytes, i, offset);
        continue;
      }
      const byte = bytes[i] as number;
      if (byte === QUOTE && this.#wantsString) {
        this.#inString = true;
        this.#wantsString = false;
      } else if (byte === COMMA && !this.#wantsString) this.#wantsString = true;
      else if (byte === CLOSE && (!this.#wantsString || this.#count === 0)) return i + 1;
      else if (byte > 32)
        throw new SnapshotError(
          `its strings hold ${JSON.stringify(String.fromCharCode(byte))} where a string should be (byte ${offset + i})`,
          offset + i,
        );
      i++;
    }
    return -1;
  }

  /** The text of a string; '' for a number that no string has. */
  text(index: number): string {
    if (!(index < this.#count)) return '';
    const known = this.#remembered.get(index);
    if (known !== undefined) return known;
    const raw = this.raw(index).toString('utf8');
    const text = raw.includes('\\') ? unescaped(raw) : raw;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(index, text);
    return text;
  }

  /** The numbers of the strings that read as one of `texts`, by text. V8 may keep one text more than once. */
  find(texts: readonly string[]): ReadonlyMap<string, ReadonlySet<number>> {
    const found = new Map(texts.map((text) => [text, new Set<number>()]));
    const byLength = new Map<number, { readonly bytes: Buffer; readonly text: string }[]>();
    for (const text of texts) {
      const bytes = Buffer.from(JSON.stringify(text).slice(1, -1), 'utf8');
      byLength.set(bytes.length, [...(byLength.get(bytes.length) ?? []), { bytes, text }]);
    }
    let from = 0;
    for (let index = 0; index < this.#count; index++) {
      const end = this.#end(index);
      const candidates = byLength.get(end - from);
      if (candidates !== undefined)
        for (const { bytes, text } of candidates) if (this.#reads(from, bytes)) found.get(text)?.add(index);
      from = end;
    }
    return found;
  }

  #reads(from: number, bytes: Buffer): boolean {
    for (let i = 0; i < bytes.length; i++) {
      const at = from + i;
      const page = this.#pages[at >>> PAGE_BITS] as Uint8Array;
      if (page[at & (PAGE_BYTES - 1)] !== bytes[i]) return false;
    }
    return true;
  }

  /** How many bytes the string has in the file, escapes and all. */
  byteLength(index: number): number {
    if (!(index < this.#count)) return 0;
    return this.#end(index) - (index === 0 ? 0 : this.#end(index - 1));
  }

  /** The bytes of a string as the file has them. */
  raw(index: number): Buffer {
    const from = index === 0 ? 0 : this.#end(index - 1);
    const to = this.#end(index);
    const parts: Buffer[] = [];
    for (let at = from; at < to;) {
      const page = this.#pages[at >>> PAGE_BITS] as Uint8Array;
      const within = at & (PAGE_BYTES - 1);
      const length = Math.min(to - at, PAGE_BYTES - within);
      parts.push(Buffer.from(page.buffer, page.byteOffset + within, length));
      at += length;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  #end(index: number): number {
    return (this.#ends[index >>> OFFSETS_BITS] as Uint32Array)[index & (OFFSETS - 1)] as number;
  }

  #text(bytes: Uint8Array, at: number, offset: number): number {
    const end = bytes.length;
    let page = this.#page;
    let length = this.#length;
    let escaped = this.#escaped;
    for (let i = at; i < end; i++) {
      const byte = bytes[i] as number;
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        this.#length = length;
        this.#escaped = false;
        this.#close();
        return i + 1;
      }
      const within = length & (PAGE_BYTES - 1);
      if (within === 0) page = this.#newPage(length, offset + i);
      page[within] = byte;
      length++;
    }
    this.#length = length;
    this.#escaped = escaped;
    return end;
  }

  #newPage(length: number, offset: number): Uint8Array {
    if (length >= MOST_BYTES)
      throw new SnapshotError(
        `its strings take more than 4 GB (byte ${offset}), more than Mettle reads`,
        offset,
      );
    this.#page = new Uint8Array(PAGE_BYTES);
    this.#pages.push(this.#page);
    return this.#page;
  }

  #close(): void {
    const within = this.#count & (OFFSETS - 1);
    if (within === 0) this.#ends.push(new Uint32Array(OFFSETS));
    (this.#ends.at(-1) as Uint32Array)[within] = this.#length;
    this.#count++;
    this.#inString = false;
  }
}

function unescaped(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    // V8 writes what is no valid text (half a surrogate pair, control characters) as it comes.
    return raw;
  }
}
