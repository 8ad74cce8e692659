import type { IncomingMessage } from 'node:http';
import { monotonicMs } from '../../session/clock.ts';
import { shownUrl } from '../../session/fault-sentences.ts';
import { SseParser } from '../../session/sse-parser.ts';
import type { ExchangeRequest, RawAnswer } from './exchange.ts';
import { ProbeFault, shownBytes, shownTime } from './fault.ts';

/** A stream that gave its answer is closed by most servers at once; then its connection can be used again. */
const STREAM_END_MS = 20;

interface ReaderEvents {
  readonly done: (answer: RawAnswer) => void;
  readonly failed: (fault: ProbeFault) => void;
}

/** Reads one answer, however it comes, and no more of it than is allowed. */
export class AnswerReader {
  readonly #response: IncomingMessage;
  readonly #url: URL;
  readonly #request: ExchangeRequest;
  readonly #events: ReaderEvents;
  readonly #headersAtMs = monotonicMs();
  readonly #parts: Buffer[] = [];
  readonly #stream: boolean;
  #bytes = 0;
  #eventCount = 0;
  #found: RawAnswer | null = null;
  #finished = false;

  constructor(response: IncomingMessage, url: URL, request: ExchangeRequest, events: ReaderEvents) {
    this.#response = response;
    this.#url = url;
    this.#request = request;
    this.#events = events;
    this.#stream =
      request.isAnswer !== undefined &&
      (response.headers['content-type'] ?? '').includes('text/event-stream');
    request.onHeaders?.(response.headers);
    if (request.statusSuffices === true) {
      this.#finish();
      response.on('error', () => undefined);
      response.resume();
      events.done(this.#answer(''));
      return;
    }
    const announced = Number(response.headers['content-length'] ?? 0);
    if (announced > request.maxBytes) {
      this.#fail(
        `is announced with ${shownBytes(announced)}, more than the ${shownBytes(request.maxBytes)} that are read`,
      );
      return;
    }
    const parser = this.#stream ? new SseParser(({ type, data }) => this.#event(type, data)) : null;
    response.on('data', (part: Buffer) => this.#take(part, parser));
    response.on('end', () => this.#ended());
    response.on('error', () => undefined);
    response.on('close', () => this.#cut());
  }

  /** What is said when time ran out. */
  late(byMs: number): ProbeFault {
    const { what, startedAtMs, phase } = this.#request;
    const within = `within ${shownTime(byMs - startedAtMs)}`;
    const seen = this.#stream
      ? `opened an event stream, but ${String(this.#eventCount)} events (${shownBytes(this.#bytes)}) later the answer to ${what} had not come ${within}`
      : `began to answer ${what}, but did not finish ${within}: ${shownBytes(this.#bytes)} had come`;
    return new ProbeFault(phase, `${shownUrl(this.#url)} ${seen}`, { status: this.#status });
  }

  get #status(): number {
    return this.#response.statusCode ?? 0;
  }

  #take(part: Buffer, parser: SseParser | null): void {
    if (this.#finished) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#request.maxBytes && this.#found === null) {
      this.#fail(`is larger than the ${shownBytes(this.#request.maxBytes)} that are read`);
      return;
    }
    if (parser === null) this.#parts.push(part);
    else parser.push(part);
  }

  #event(type: string, data: string): void {
    if (this.#found !== null || this.#finished) return;
    this.#eventCount += 1;
    if (type !== 'message' || this.#request.isAnswer?.(data) !== true) return;
    this.#found = this.#answer(data);
    // The end mostly comes with the answer; what does not end is cut.
    const timer = setTimeout(() => this.#cut(), STREAM_END_MS);
    this.#response.once('close', () => clearTimeout(timer));
  }

  #ended(): void {
    if (this.#finished) return;
    if (this.#found === null && this.#stream) {
      this.#finish();
      const fault = `${shownUrl(this.#url)} closed its event stream after ${String(this.#eventCount)} events without answering ${this.#request.what}`;
      this.#events.failed(new ProbeFault(this.#request.phase, fault, { status: this.#status }));
      return;
    }
    const answer = this.#found ?? this.#answer(Buffer.concat(this.#parts, this.#bytes).toString('utf8'));
    this.#finish();
    this.#events.done(answer);
  }

  /** The connection closed, or is no longer waited for. */
  #cut(): void {
    if (this.#finished) return;
    const found = this.#found;
    if (found === null) {
      this.#fail('ended in the middle: the connection was closed');
      return;
    }
    this.#finish();
    this.#response.destroy();
    this.#events.done(found);
  }

  #fail(how: string): void {
    if (this.#finished) return;
    this.#finish();
    this.#response.destroy();
    const { phase, what } = this.#request;
    const fault = `the answer of ${shownUrl(this.#url)} to ${what} ${how}`;
    this.#events.failed(new ProbeFault(phase, fault, { status: this.#status }));
  }

  #finish(): void {
    this.#finished = true;
    this.#parts.length = 0;
  }

  #answer(text: string): RawAnswer {
    return {
      status: this.#status,
      headers: this.#response.headers,
      text,
      bytes: this.#stream ? Buffer.byteLength(text) : this.#bytes,
      headersAtMs: this.#headersAtMs,
      answeredAtMs: monotonicMs(),
      url: this.#url,
    };
  }
}
