import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { ReachPhase } from '../evidence/index.ts';
import { monotonicMs } from './clock.ts';
import { describeConnectionError, errorCode, shownUrl } from './fault-sentences.ts';
import { MAX_MESSAGE_BYTES } from './line-splitter.ts';
import type { Fault } from './wire.ts';

const MAX_REDIRECTS = 5;
/** A server may close a kept-alive connection that idled this long just as we write to it; then, and only then, one retry is safe. */
const STALE_AFTER_MS = 1000;

type SocketPhase = 'dns' | 'connect' | 'tls' | 'http';
export interface HttpMessage {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}
export interface ExchangeHandlers {
  answered(response: IncomingMessage): void;
  failed(fault: Fault): void;
}
export interface Exchange {
  /** Closes the exchange; neither handler is called afterwards. */
  abort(): void;
  /** How far it has got: 'handshake' once the answer's headers are here. */
  phase(): ReachPhase;
}

/** One endpoint over kept-alive connections, as many as are needed. Follows redirects within the origin for good. */
export class HttpClient {
  #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: http.Agent;
  readonly #idleSince: WeakMap<Socket, number> = new WeakMap();
  #phases: readonly { readonly phase: SocketPhase; readonly durationMs: number }[] | null = null;

  constructor(url: URL, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
    const options = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 };
    this.#agent = url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
    this.#agent.on('free', (socket: Socket) => this.#idleSince.set(socket, monotonicMs()));
  }

  get url(): URL {
    return this.#url;
  }

  /** What every request carries. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** How the first connection came about; empty until it has been answered. */
  get phases(): readonly { readonly phase: ReachPhase; readonly durationMs: number }[] {
    return this.#phases ?? [];
  }

  exchange(message: HttpMessage, handlers: ExchangeHandlers, url: URL = this.#url): Exchange {
    let current: RunningExchange | null = null;
    let aborted = false;
    const run = (target: URL, redirectsLeft: number, mayRetry: boolean): void => {
      current = this.#start(target, message, {
        answered: (response) => {
          if (aborted) response.destroy();
          else if (isRedirect(response))
            this.#redirect(response, target, redirectsLeft, handlers, (next) =>
              run(next, redirectsLeft - 1, mayRetry),
            );
          else handlers.answered(response);
        },
        failed: (fault, stale) => {
          if (aborted) return;
          if (stale && mayRetry) run(target, redirectsLeft, false);
          else handlers.failed(fault);
        },
      });
    };
    run(url, MAX_REDIRECTS, true);
    return {
      abort: () => {
        aborted = true;
        current?.request.destroy();
      },
      phase: () => current?.phase ?? 'connect',
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #start(
    url: URL,
    message: HttpMessage,
    handlers: { answered(response: IncomingMessage): void; failed(fault: Fault, stale: boolean): void },
  ): RunningExchange {
    const headers: Record<string, string> = { ...this.#headers, ...message.headers };
    if (message.body !== null) headers['content-length'] = String(Buffer.byteLength(message.body));
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: message.method,
      headers,
      agent: this.#agent,
    });
    const running: RunningExchange = { request, phase: 'connect' };
    let idleMs = 0;
    const startedAtMs = monotonicMs();
    const laps: { phase: SocketPhase; durationMs: number }[] = [];
    request.once('socket', (socket) => {
      const idleSince = this.#idleSince.get(socket);
      idleMs = idleSince === undefined ? 0 : monotonicMs() - idleSince;
      followSocket(socket, url, running, laps, startedAtMs);
    });
    request.once('response', (response) => {
      const connectedMs = laps.reduce((sum, lap) => sum + lap.durationMs, 0);
      this.#phases ??= [...laps, { phase: 'http', durationMs: monotonicMs() - startedAtMs - connectedMs }];
      running.phase = 'handshake';
      handlers.answered(response);
    });
    request.on('error', (error) => {
      if (running.phase === 'handshake') return;
      const stale =
        request.reusedSocket && idleMs > STALE_AFTER_MS && ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
      handlers.failed(describeConnectionError(error, url, running.phase), stale);
    });
    request.end(message.body ?? undefined);
    return running;
  }

  #redirect(
    response: IncomingMessage,
    from: URL,
    redirectsLeft: number,
    handlers: ExchangeHandlers,
    follow: (next: URL) => void,
  ): void {
    response.resume();
    const { location } = response.headers;
    const next = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : null;
    const where = `${shownUrl(from)} redirects (HTTP ${String(response.statusCode)})`;
    if (next === null) handlers.failed({ phase: 'http', message: `${where} without a usable Location` });
    else if (next.origin !== from.origin)
      handlers.failed({
        phase: 'http',
        message: `${where} to another origin: pass that URL itself, ${shownUrl(next)}`,
      });
    else if (redirectsLeft === 0)
      handlers.failed({
        phase: 'http',
        message: `${where} more than ${String(MAX_REDIRECTS)} times in a row`,
      });
    else {
      if (from.href === this.#url.href) this.#url = next;
      follow(next);
    }
  }
}

interface RunningExchange {
  readonly request: ClientRequest;
  phase: SocketPhase | 'handshake';
}

function isRedirect(response: IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
}

/** Notes how a new connection comes about; a reused one is connected already. */
function followSocket(
  socket: Socket,
  url: URL,
  running: RunningExchange,
  laps: { phase: SocketPhase; durationMs: number }[],
  startedAtMs: number,
): void {
  if (!socket.connecting) {
    running.phase = 'http';
    return;
  }
  let lapStartedMs = startedAtMs;
  const lap = (phase: SocketPhase, next: SocketPhase): void => {
    const now = monotonicMs();
    laps.push({ phase, durationMs: now - lapStartedMs });
    lapStartedMs = now;
    running.phase = next;
  };
  const named = !/^[\d.]+$|^\[/.test(url.hostname);
  running.phase = named ? 'dns' : 'connect';
  if (named) socket.once('lookup', () => running.phase === 'dns' && lap('dns', 'connect'));
  const secure = url.protocol === 'https:';
  socket.once('connect', () => lap('connect', secure ? 'tls' : 'http'));
  if (secure) socket.once('secureConnect', () => lap('tls', 'http'));
}

/** The whole body; or, in words, why there is none. Calls one handler, once. */
export function readBody(
  response: IncomingMessage,
  done: (body: Buffer) => void,
  failed: (why: string) => void,
): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  let finished = false;
  const finish = (action: () => void): void => {
    if (finished) return;
    finished = true;
    action();
  };
  response.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes <= MAX_MESSAGE_BYTES) return;
    response.destroy();
    finish(() => failed(`the answer is larger than ${String(MAX_MESSAGE_BYTES / 2 ** 20)} MB`));
  });
  response.on('end', () =>
    finish(() => done(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, bytes))),
  );
  response.on('error', () => finish(() => failed('the connection closed in the middle of the answer')));
  response.on('close', () => finish(() => failed('the connection closed in the middle of the answer')));
}
