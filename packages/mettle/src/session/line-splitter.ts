const NEWLINE = 0x0a;
/** Far above any sane message (the SDK's own limit is 10 MiB), far below what would exhaust our memory. */
export const MAX_MESSAGE_BYTES: number = 256 * 1024 * 1024;

/**
 * Cuts a byte stream into lines. Each byte is looked at once and copied at most once, however many chunks a line spans.
 * A line longer than `maxBytes` is dropped and reported through `onOverlong`.
 */
export class LineSplitter {
  readonly #onLine: (line: Buffer) => void;
  readonly #onOverlong: () => void;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropping = false;

  constructor(onLine: (line: Buffer) => void, onOverlong: () => void, maxBytes: number = MAX_MESSAGE_BYTES) {
    this.#onLine = onLine;
    this.#onOverlong = onOverlong;
    this.#maxBytes = maxBytes;
  }

  /** Whether it holds the beginning of a line. */
  get isWithinLine(): boolean {
    return this.#bytes > 0 || this.#dropping;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#emit();
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** The stream has ended: what is left is a line too. */
  end(): void {
    if (this.#bytes > 0) this.#emit();
  }

  #keep(part: Buffer): void {
    if (this.#dropping) return;
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) return;
    this.#dropping = true;
    this.#parts = [];
    this.#onOverlong();
  }

  #emit(): void {
    const only = this.#parts[0];
    const line =
      this.#parts.length === 1 && only !== undefined
        ? only
        : Buffer.concat(this.#parts, this.#dropping ? 0 : this.#bytes);
    const dropped = this.#dropping;
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
    if (!dropped) this.#onLine(line);
  }
}
