import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { ReachPhase } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { describeConnectionError, shownUrl } from '../../session/fault-sentences.ts';
import { SseParser } from '../../session/sse-parser.ts';
import type { ProbeConnection } from './connection.ts';
import { ProbeFault, shownBytes, shownTime } from './fault.ts';

const MAX_REDIRECTS = 5;
/** A stream that gave its answer is closed by most servers at once; then its connection can be used again. */
const STREAM_END_MS = 20;

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The message that is waited for, as sentences name it. */
  readonly what: string;
  /** The phase to blame once the answer's headers are here. */
  readonly phase: ReachPhase;
  readonly maxBytes: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** The time allowed, as sentences name it. */
  readonly allowedMs: number;
  /** Whether an event's data is what is waited for; absent: a stream is not expected. */
  readonly isAnswer?: (data: string) => boolean;
  /** As soon as they are here, whatever becomes of the body. */
  readonly onHeaders?: (headers: IncomingHttpHeaders) => void;
  /** The status is all that is asked for: the body is thrown away. */
  readonly statusSuffices?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body; of a stream of events, the data of the one that is the answer. */
  readonly text: string;
  readonly bytes: number;
  readonly headersAtMs: number;
  readonly answeredAtMs: number;
  /** Where it was found, after redirects. */
  readonly url: URL;
}

/** One request and its whole answer, within time and size. Rejects with ProbeFault, or with the signal's reason. */
export async function exchange(
  connection: ProbeConnection,
  start: URL,
  request: ExchangeRequest,
  signal?: AbortSignal,
): Promise<RawAnswer> {
  let url = start;
  for (let hops = 0; ; hops += 1) {
    const answer = await once(connection, url, request, signal);
    if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    url = redirected(answer, url, hops);
  }
}

function redirected({ status, headers }: RawAnswer, from: URL, hops: number): URL {
  const { location } = headers;
  const next = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : null;
  const where = `${shownUrl(from)} redirects (HTTP ${String(status)})`;
  if (next === null) throw new ProbeFault('http', `${where} without a usable Location`, { status });
  if (next.origin !== from.origin)
    throw new ProbeFault('http', `${where} to another origin: use that URL itself, ${shownUrl(next)}`, {
      status,
    });
  if (hops === MAX_REDIRECTS)
    throw new ProbeFault('http', `${where} more than ${String(MAX_REDIRECTS)} times in a row`, { status });
  return next;
}

function once(
  connection: ProbeConnection,
  url: URL,
  request: ExchangeRequest,
  signal: AbortSignal | undefined,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let reader: AnswerReader | null = null;
    const { method, body } = request;
    const sent = http.request({
      agent: connection.agent,
      host: url.hostname,
      port: url.port,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        host: url.host,
        ...request.headers,
        ...(body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      action();
    };
    const fail = (error: unknown): void =>
      settle(() => {
        sent.destroy();
        if (connection.stage !== null) connection.destroy();
        reject(error);
      });
    const abort = (): void => fail(signal?.reason);
    const timer = setTimeout(
      () => fail(reader?.late() ?? lateAnswer(connection, url, request)),
      Math.max(0, request.deadlineMs - monotonicMs()),
    );
    signal?.addEventListener('abort', abort, { once: true });
    sent.on('error', (error) => {
      if (reader !== null) return; // Its own close tells.
      const { phase, message } = describeConnectionError(error, url, 'http');
      fail(error instanceof ProbeFault ? error : new ProbeFault(phase, message));
    });
    sent.once('response', (response) => {
      reader = new AnswerReader(response, url, request, {
        done: (answer) => settle(() => resolve(answer)),
        failed: fail,
      });
    });
    sent.end(body ?? undefined);
  });
}

/** No answer has begun: which stage of the connection is at fault, or the server behind it. */
function lateAnswer(connection: ProbeConnection, url: URL, { what, allowedMs }: ExchangeRequest): ProbeFault {
  const within = `within ${shownTime(allowedMs)}`;
  switch (connection.stage) {
    case 'dns':
      return new ProbeFault('dns', `the host name ${url.hostname} was not resolved ${within}`);
    case 'connect':
      return new ProbeFault(
        'connect',
        `${url.host} did not accept the connection ${within}, nor refuse it: a firewall, or no such machine`,
      );
    case 'tls':
      return new ProbeFault(
        'tls',
        `${url.host} accepted the connection, but did not finish the TLS handshake ${within}`,
      );
    case null:
      return new ProbeFault(
        'http',
        `${shownUrl(url)} accepted the connection, but did not answer ${what} ${within}`,
      );
  }
}

interface ReaderEvents {
  readonly done: (answer: RawAnswer) => void;
  readonly failed: (fault: ProbeFault) => void;
}

/** Reads one answer, however it comes, and no more of it than is allowed. */
class AnswerReader {
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
  late(): ProbeFault {
    const { what, allowedMs, phase } = this.#request;
    const within = `within ${shownTime(allowedMs)}`;
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
