const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
/** A head longer than this is none that could be measured. */
const MAX_HEAD_BYTES = 65_536;

/**
 * Tells whether a reply is still to come over a connection: after something was written until something was read, and of
 * an HTTP reply until its end.
 */
export class ReplyMeter {
  #patient = true;
  #awaited = false;
  /** Bytes of the HTTP body to come; Infinity for a chunked one; null when no HTTP reply is being read. */
  #rest: number | null = null;
  #tail: Buffer = Buffer.alloc(0);

  /** Something is written; whether a reply is now awaited. */
  written(): boolean {
    this.#awaited = this.#patient;
    return this.#awaited;
  }

  /** No reply came in time: nobody waits for one on this connection any more. */
  neverMind(): void {
    this.#patient = false;
    this.#awaited = false;
  }

  ended(): boolean {
    this.#awaited = false;
    return true;
  }

  /** Something is read; whether that was all. */
  received(chunk: unknown): boolean {
    if (!this.#awaited) return true;
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    this.#awaited = this.#rest === null ? this.#beginsUnfinished(bytes) : this.#goesOn(bytes);
    if (!this.#awaited) this.#rest = null;
    return !this.#awaited;
  }

  #beginsUnfinished(bytes: Buffer): boolean {
    if (bytes.subarray(0, 7).toString('latin1') !== 'HTTP/1.') return false;
    const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END);
    if (end < 0) return false;
    const head = bytes.subarray(0, end).toString('latin1');
    const body = bytes.subarray(end + HEAD_END.length);
    const status = head.slice(9, 12);
    if (status.startsWith('1')) return true;
    if (status === '204' || status === '304') return false;
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (/^transfer-encoding: *chunked/im.test(head)) this.#rest = Infinity;
    // Without a length the body goes on until the connection ends.
    else if (length === undefined) this.#rest = Infinity;
    else this.#rest = Number(length);
    return this.#goesOn(body);
  }

  #goesOn(bytes: Buffer): boolean {
    if (this.#rest === Infinity) {
      this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-LAST_CHUNK.length);
      return !this.#tail.equals(LAST_CHUNK);
    }
    this.#rest = (this.#rest ?? 0) - bytes.length;
    return this.#rest > 0;
  }
}
