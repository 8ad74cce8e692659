/** Of a response, what a channel needs. */
export interface ResponseHead {
  readonly status: number;
  /** Bytes of the body; -1 when it comes in chunks, -2 when it ends with the connection. */
  readonly length: number;
  readonly isEventStream: boolean;
  readonly isLast: boolean;
  /** Of a compressed body; '' for a plain one. */
  readonly encoding: string;
}

const CHUNKED = -1;
const UNTIL_CLOSE = -2;
const MOST_HEAD_CHARACTERS = 65_536;
const MOST_BODY_CHARACTERS = 256 * 1024 * 1024;
/** Heads of one server differ in the date and the length only, so most were seen before. */
const KNOWN_HEADS = 512;
const known = new Map<string, ResponseHead | null>();

function headOf(text: string): ResponseHead | null {
  let head = known.get(text);
  if (head === undefined) {
    head = parseHead(text);
    if (known.size >= KNOWN_HEADS) known.clear();
    known.set(text, head);
  }
  return head;
}

/** Reads status line and header fields; null when it is no HTTP/1 response. */
function parseHead(text: string): ResponseHead | null {
  const [first = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})/.exec(first);
  if (match === null) return null;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number(match[2]);
  const given = Number(fields.get('content-length') ?? Number.NaN);
  const empty = status === 204 || status === 304 || (status >= 100 && status < 200);
  const chunked = /\bchunked\b/i.test(fields.get('transfer-encoding') ?? '');
  const length = empty ? 0 : chunked ? CHUNKED : Number.isSafeInteger(given) ? given : UNTIL_CLOSE;
  const connection = fields.get('connection')?.toLowerCase() ?? '';
  return {
    status,
    length,
    isEventStream: (fields.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream'),
    isLast:
      length === UNTIL_CLOSE || (match[1] === '0' ? connection !== 'keep-alive' : connection === 'close'),
    encoding: (fields.get('content-encoding') ?? 'identity').replace('identity', ''),
  };
}

export interface ResponseListener {
  /** A piece of the body, in order, without the transfer's framing. */
  piece(text: string, head: ResponseHead): void;
  /** The response is complete. */
  complete(head: ResponseHead): void;
  /** These bytes are no response that this reader knows. */
  broken(why: string): void;
}

/** Reads HTTP/1.1 responses, one after the other, from text with one character per byte. */
export class ResponseReader {
  readonly #listener: ResponseListener;
  #head: ResponseHead | null = null;
  /** Bytes of the body, or of the current chunk with its line end, still to come. */
  #left = 0;
  #taken = 0;
  /** What cannot be read before more of it is here: a piece of a head, or of a chunk's size. */
  #rest = '';
  #inTrailers = false;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  /** Whether nothing of a response has been read yet. */
  get isFresh(): boolean {
    return this.#head === null && this.#rest === '';
  }

  push(chunk: string): void {
    let text = chunk;
    if (this.#rest !== '') {
      text = this.#rest + text;
      this.#rest = '';
    }
    while (text !== '') {
      const head = this.#head;
      if (head === null) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) {
          if (text.length > MOST_HEAD_CHARACTERS) this.#listener.broken('the head of its answer never ends');
          else this.#rest = text;
          return;
        }
        if (!this.#begin(text.slice(0, end))) return;
        text = text.slice(end + 4);
        continue;
      }
      text = head.length === CHUNKED ? this.#chunked(text, head) : this.#plain(text, head);
    }
  }

  /** The connection has ended; true when that was the response's proper end. */
  ended(): boolean {
    const head = this.#head;
    if (head === null || head.length !== UNTIL_CLOSE) return false;
    this.#complete(head);
    return true;
  }

  /** False when the bytes are not to be read on. */
  #begin(text: string): boolean {
    const head = headOf(text);
    if (head === null) {
      this.#listener.broken('it answered with something else than HTTP/1.1');
      return false;
    }
    // An interim response; the real one follows.
    if (head.status < 200 && head.status !== 101) return true;
    this.#head = head;
    this.#left = head.length;
    this.#taken = 0;
    if (head.length === CHUNKED) this.#left = 0;
    if (head.length === 0) this.#complete(head);
    return true;
  }

  #plain(text: string, head: ResponseHead): string {
    if (head.length === UNTIL_CLOSE) {
      this.#piece(text, head);
      return '';
    }
    if (text.length < this.#left) {
      this.#left -= text.length;
      this.#piece(text, head);
      return '';
    }
    const rest = text.slice(this.#left);
    this.#piece(rest === '' ? text : text.slice(0, this.#left), head);
    this.#complete(head);
    return rest;
  }

  #chunked(text: string, head: ResponseHead): string {
    if (this.#left > 0) {
      const { length } = text;
      // The chunk's own line end is not part of the body.
      const body = Math.min(length, this.#left - 2);
      if (body > 0) this.#piece(text.slice(0, body), head);
      const used = Math.min(length, this.#left);
      this.#left -= used;
      return text.slice(used);
    }
    const end = text.indexOf('\r\n');
    if (end < 0) {
      this.#rest = text;
      return '';
    }
    if (this.#inTrailers) {
      if (end === 0) this.#complete(head);
      return text.slice(end + 2);
    }
    const size = Number.parseInt(text.slice(0, end), 16);
    if (Number.isNaN(size) || size < 0) {
      this.#listener.broken('the chunks of its answer are garbled');
      return '';
    }
    if (size === 0) this.#inTrailers = true;
    else this.#left = size + 2;
    return text.slice(end + 2);
  }

  #piece(text: string, head: ResponseHead): void {
    this.#taken += text.length;
    if (this.#taken > MOST_BODY_CHARACTERS) this.#listener.broken('its answer is larger than 256 MB');
    else this.#listener.piece(text, head);
  }

  #complete(head: ResponseHead): void {
    this.#head = null;
    this.#left = 0;
    this.#inTrailers = false;
    this.#listener.complete(head);
  }
}

/** Cuts a text/event-stream into the data of its events; text with one character per byte. */
export class EventReader {
  /** Where the stream can be taken up again; '' where the server gave no id. */
  lastEventId = '';
  /** What the server asks to wait before that; null when it said nothing. */
  retryMs: number | null = null;
  readonly #event: (data: string) => void;
  #rest = '';

  constructor(event: (data: string) => void) {
    this.#event = event;
  }

  push(piece: string): void {
    let text = this.#rest + piece;
    this.#rest = '';
    // A lone return at the end may be half of a line end.
    if (text.endsWith('\r')) {
      this.#rest = '\r';
      text = text.slice(0, -1);
    }
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    let start = 0;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', start)) {
      this.#dispatch(text, start, end);
      start = end + 2;
    }
    this.#rest = text.slice(start) + this.#rest;
  }

  #dispatch(text: string, start: number, end: number): void {
    const data: string[] = [];
    let isMessage = true;
    for (let from = start; from < end;) {
      const newline = text.indexOf('\n', from);
      const to = newline < 0 || newline > end ? end : newline;
      if (text.startsWith('data:', from))
        data.push(text.slice(text.charCodeAt(from + 5) === 32 ? from + 6 : from + 5, to));
      else if (!text.startsWith('event:', from)) this.#resumption(text.slice(from, to));
      else if (!/^event: ?message$/.test(text.slice(from, to))) isMessage = false;
      from = to + 1;
    }
    if (!isMessage) return;
    const joined = data.length === 1 ? (data[0] as string) : data.join('\n');
    if (joined !== '') this.#event(joined);
  }

  #resumption(line: string): void {
    const match = /^(id|retry): ?(.*)$/.exec(line);
    if (match === null) return;
    const [, name, value = ''] = match;
    if (name === 'id') this.lastEventId = value;
    else if (/^\d+$/.test(value)) this.retryMs = Number(value);
  }
}
