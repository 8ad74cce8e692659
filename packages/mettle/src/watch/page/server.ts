import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { UsageError } from '../../evidence/index.ts';
import type { WatchedServer } from '../config/config.ts';
import type { Watcher } from '../watcher.ts';
import { metrics } from './metrics.ts';
import { SCRIPT } from './client/script.ts';
import { PAGE } from './page.ts';
import { STYLES } from './styles.ts';
import { chosenServers, fleetSummary, serverDetail, serverViews } from './views.ts';

/** Listeners for live updates at once, at most: each is a connection that stays. */
const MAX_STREAMS = 200;
const COOKIE = 'mettle_token';

export interface Page {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the status page, the JSON API and the metrics: read-only. Rejects with UsageError when the port is taken. */
export async function servePage(
  watcher: Watcher,
  { host, port, token }: { readonly host: string; readonly port: number; readonly token: string | null },
): Promise<Page> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    answer(watcher, request, response, { token, streams }).catch(() => {
      if (response.headersSent) response.destroy();
      else plain(response, 503, 'The history does not answer at the moment.');
    });
  });
  const unlisten = watcher.follow((seen) => {
    if (streams.size > 0) tell(watcher, seen, streams).catch(() => undefined);
  });
  const bound = await listenAt(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound)}/`,
    async close() {
      unlisten();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `The page cannot be served at ${host}:${String(port)} (${error.code ?? error.message}): give another port under "page".`,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Tells the pages that are open how a server stands now. */
async function tell(
  watcher: Watcher,
  server: WatchedServer,
  streams: ReadonlySet<ServerResponse>,
): Promise<void> {
  const [view] = await serverViews(watcher, [server], Date.now());
  const text = `data: ${JSON.stringify(view)}\n\n`;
  // Who reads too slowly is cut off rather than waited for.
  for (const reader of streams)
    if (!reader.write(text) && reader.writableLength > 1_000_000) reader.destroy();
}

interface Terms {
  readonly token: string | null;
  readonly streams: Set<ServerResponse>;
}

async function answer(
  watcher: Watcher,
  request: IncomingMessage,
  response: ServerResponse,
  terms: Terms,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-store');
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(response, 405, 'This page is read-only.');
  if (url.pathname === '/healthz') return plain(response, 200, 'ok');
  // A site of somebody else's that has its name resolved to this machine shows its own name here.
  if (terms.token === null && !isLocal(request.headers.host ?? ''))
    return plain(response, 403, 'Not by this name.');
  if (terms.token !== null && !isAllowed(request, url, terms.token))
    return plain(response, 401, 'A token is needed: open this page once with ?token=… behind its address.');
  const given = url.searchParams.get('token');
  if (terms.token !== null && given !== null) {
    response.setHeader(
      'set-cookie',
      `${COOKIE}=${encodeURIComponent(given)}; HttpOnly; SameSite=Strict; Path=/`,
    );
    response.writeHead(303, { location: url.pathname }).end();
    return;
  }
  await route(watcher, url, response, terms.streams);
}

async function route(
  watcher: Watcher,
  { pathname: path, searchParams }: URL,
  response: ServerResponse,
  streams: Set<ServerResponse>,
): Promise<void> {
  const { servers } = watcher.config;
  const now = Date.now();
  switch (path) {
    case '/':
      return send(response, 'text/html; charset=utf-8', PAGE);
    case '/page.css':
      return send(response, 'text/css; charset=utf-8', STYLES);
    case '/page.js':
      return send(response, 'text/javascript; charset=utf-8', SCRIPT);
    case '/metrics':
      return send(response, 'text/plain; version=0.0.4; charset=utf-8', await metrics(watcher));
    case '/api/servers':
      return json(response, await serverViews(watcher, await chosenServers(watcher, searchParams), now));
    case '/api/summary':
      return json(response, await fleetSummary(watcher, now));
    case '/api/incidents':
      return json(response, await watcher.history.incidents(200));
    case '/api/events':
      return stream(response, streams);
    default: {
      const name = /^\/api\/servers\/(.+)$/.exec(path)?.[1];
      const server = name === undefined ? undefined : servers.find((each) => each.name === decoded(name));
      if (server === undefined) plain(response, 404, 'There is nothing here.');
      else json(response, await serverDetail(watcher, server, now));
    }
  }
}

function stream(response: ServerResponse, streams: Set<ServerResponse>): void {
  if (streams.size >= MAX_STREAMS) return plain(response, 503, 'Too many pages are open.');
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('retry: 3000\n\n');
  streams.add(response);
  response.once('close', () => streams.delete(response));
}

function isLocal(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host);
}

function isAllowed(request: IncomingMessage, url: URL, token: string): boolean {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1] ?? '';
  const offered = [
    (request.headers.authorization ?? '').replace(/^Bearer /i, ''),
    url.searchParams.get('token') ?? '',
    decoded(cookie),
  ];
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return offered.some((each) => each !== '' && timingSafeEqual(digest(each), digest(token)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function send(response: ServerResponse, contentType: string, text: string): void {
  response.writeHead(200, { 'content-type': contentType }).end(text);
}
function json(response: ServerResponse, value: unknown): void {
  send(response, 'application/json; charset=utf-8', JSON.stringify(value));
}
function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
