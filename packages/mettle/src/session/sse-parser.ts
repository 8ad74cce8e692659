import { StringDecoder } from 'node:string_decoder';

export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
  /** The last id seen so far on this stream; '' when there was none. */
  readonly lastEventId: string;
}

/** Parses a text/event-stream as the HTML standard defines it; each character is looked at once. */
export class SseParser {
  readonly #onEvent: (event: ServerSentEvent) => void;
  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #partialLine: string[] = [];
  #afterReturn = false;
  #data: string[] = [];
  #type = '';
  #lastEventId = '';
  #atStart = true;
  #retryMs: number | null = null;

  constructor(onEvent: (event: ServerSentEvent) => void) {
    this.#onEvent = onEvent;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** What the server asks to wait before reconnecting; null when it said nothing. */
  get retryMs(): number | null {
    return this.#retryMs;
  }

  push(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    const lineEnd = /[\r\n]/g;
    let start = 0;
    for (let match = lineEnd.exec(text); match !== null; match = lineEnd.exec(text)) {
      const isSecondHalf =
        match[0] === '\n' && this.#afterReturn && match.index === start && this.#partialLine.length === 0;
      if (!isSecondHalf) this.#endLine(text.slice(start, match.index));
      this.#afterReturn = match[0] === '\r';
      start = match.index + 1;
    }
    if (start < text.length) {
      this.#partialLine.push(text.slice(start));
      this.#afterReturn = false;
    }
  }

  #endLine(rest: string): void {
    let line = this.#partialLine.length === 0 ? rest : this.#partialLine.join('') + rest;
    this.#partialLine = [];
    if (this.#atStart && line.startsWith('\uFEFF')) line = line.slice(1);
    this.#atStart = false;
    if (line === '') this.#dispatch();
    else if (!line.startsWith(':')) this.#field(line);
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#lastEventId = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.#retryMs = Number(value);
  }

  #dispatch(): void {
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#data = [];
    this.#type = '';
    if (data.length > 0) this.#onEvent({ type, data: data.join('\n'), lastEventId: this.#lastEventId });
  }
}
