import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { currentConnection } from '../../src/call.ts';
import { cancelOnDisconnect, refuseOverload } from '../../src/limit/index.ts';
import { later } from '../handshake.ts';

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
type Express = RequestListener & { use(middleware: Middleware): void };

// Express brings no types of its own: the compiler is not to look for them.
const require = createRequire(import.meta.url);
const express = require('express') as () => Express;

const source = { overloaded: true, retryAfterMs: () => 1500 };
const post = (url: string, headers = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } });

async function expectRefusal(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
}

describe('an overloaded HTTP server answers 503 with Retry-After', () => {
  const middleware = refuseOverload(source);

  test('on node:http; what frees or streams, and what must look alive, gets through', async () => {
    const url = await listen((request, response) => {
      if (!middleware.node(request, response)) response.end('served');
    });
    await expectRefusal(await post(url));
    expect(await (await fetch(url)).text()).toBe('served');
    expect(await (await fetch(url, { method: 'DELETE' })).text()).toBe('served');
    expect(await (await post(url, { 'mcp-method': 'server/discover' })).text()).toBe('served');
    expect(await (await post(url, { 'mcp-method': 'notifications/cancelled' })).text()).toBe('served');
    await expectRefusal(await post(url, { 'mcp-method': 'tools/call' }));
  });

  test('on Express, before the body parser', async () => {
    const app = express();
    let parsed = 0;
    app.use(middleware.express);
    app.use((_request, _response, next) => {
      parsed++;
      next();
    });
    const url = await listen(app);
    await expectRefusal(await post(url));
    expect(parsed).toBe(0);
  });

  test('on Hono, and web-standard handlers', async () => {
    const app = new Hono();
    app.use(async (context, next) => middleware.hono(context, next));
    app.post('/mcp', (context) => context.text('served'));
    await expectRefusal(await app.request('/mcp', { method: 'POST', body: '{}' }));
    source.overloaded = false;
    try {
      expect(await (await app.request('/mcp', { method: 'POST', body: '{}' })).text()).toBe('served');
    } finally {
      source.overloaded = true;
    }
  });

  test('on Fastify, before the body is parsed', async () => {
    const app = fastify();
    let parsed = 0;
    app.addHook('onRequest', middleware.fastify);
    app.addHook('preValidation', async () => void parsed++);
    app.post('/mcp', async () => 'served');
    app.get('/mcp', async () => 'stream');
    onTestFinished(async () => app.close());
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`;
    await expectRefusal(await post(url));
    expect(parsed).toBe(0);
    expect(await (await fetch(url)).text()).toBe('stream');
  });
});

test('a client that goes away aborts what was served on its connection; one that got its answer does not', async () => {
  const [started, gone] = [later(), later<string>()];
  const signals: (AbortSignal | undefined)[] = [];
  const url = await listen((request, response) => {
    cancelOnDisconnect(response, () => {
      const signal = currentConnection();
      signals.push(signal);
      if (request.method === 'GET') return response.end('answer');
      signal?.addEventListener('abort', () => gone.resolve(String(signal.reason)));
      started.resolve();
    });
  });
  await (await fetch(url)).text();
  const abort = new AbortController();
  const call = fetch(url, { method: 'POST', signal: abort.signal }).catch(() => undefined);
  await started.promise;
  abort.abort();
  await call;
  expect(await gone.promise).toContain('The client closed the connection');
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
});
