import { createServer, request as requestHttp } from 'node:http';
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeaders,
  Server,
  ServerResponse,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../evidence/index.ts';
import { SseParser } from '../session/index.ts';
import type { Listener } from './listener.ts';
import type { Conversation } from './recorder.ts';

/** Of one connection only (RFC 9110, section 7.6.1), and what names this side. */
const NOT_GIVEN_ON = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** A body longer than this goes by unread. */
const MOST_READ_BYTES = 16 * 1024 * 1024;
/** Requests that belong to no session. */
const NO_SESSION = 'stateless';

export interface HttpProxy {
  /** What the client is to be given instead of the server's URL. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Stands between clients and a server behind `target`: bodies and streams go through as they come, `headers` are added
 * to each request. Bound to loopback.
 * Throws UsageError when the port is taken.
 */
export async function proxyHttp(
  target: URL,
  port: number,
  listener: Listener,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpProxy> {
  let requests = 0;
  const server = createServer((request, response) => {
    forward({ target, headers }, request, response, listener, `exchange ${++requests}`);
  });
  // A stream may be silent for hours.
  server.requestTimeout = 0;
  server.timeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is taken: name another with --port.`
        : `Port ${port} cannot be listened on: ${error.message}`,
    );
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}${target.pathname}${target.search}`,
    close: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, 'close');
}

function forward(
  { target, headers }: { readonly target: URL; readonly headers: Readonly<Record<string, string>> },
  request: IncomingMessage,
  response: ServerResponse,
  listener: Listener,
  exchange: string,
): void {
  const url = new URL(request.url ?? '/', target);
  url.protocol = target.protocol;
  url.host = target.host;
  const given = request.headers['mcp-session-id'];
  // Without a session, ids are one exchange's own: two clients may count alike.
  const from: Conversation =
    typeof given === 'string' ? { session: given, ids: given } : { session: NO_SESSION, ids: exchange };

  const upstream = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    method: request.method,
    headers: { ...headersOf(request.headers), ...headers },
    setHost: true,
  });
  const body = new Body((text) => listener.message(from, 'to-server', text));
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.once('end', () => body.end());
  request.pipe(upstream);
  response.once('close', () => upstream.destroy());
  upstream.once('error', (error) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`mettle record: the server at ${target.origin} cannot be reached: ${error.message}\n`);
  });
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headersOf(answer.headers));
    // A stream's head is an answer by itself: clients wait for it before they go on.
    response.flushHeaders();
    hearAnswer(answer, listener, from);
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
}

function hearAnswer(answer: IncomingMessage, listener: Listener, from: Conversation): void {
  const type = answer.headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) {
    const events = new SseParser(({ type: name, data }) => {
      if (name === 'message') listener.message(from, 'to-client', Buffer.from(data));
    });
    answer.on('data', (chunk: Buffer) => events.push(chunk));
  } else if (type.startsWith('application/json')) {
    const body = new Body((text) => listener.message(from, 'to-client', text));
    answer.on('data', (chunk: Buffer) => body.push(chunk));
    answer.once('end', () => body.end());
  }
}

function headersOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_GIVEN_ON.has(name)));
}

/** One body in parts; too long a one is let go. */
class Body {
  readonly #done: (text: Buffer) => void;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(done: (text: Buffer) => void) {
    this.#done = done;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MOST_READ_BYTES) this.#parts.push(chunk);
    else this.#parts = [];
  }

  end(): void {
    if (this.#bytes > 0 && this.#bytes <= MOST_READ_BYTES) this.#done(Buffer.concat(this.#parts));
  }
}
