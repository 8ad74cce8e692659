import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSession, readCatalogue } from '../../src/session/index.ts';
import { call, http, httpFixture, open, textValue, valueOf } from './targets.ts';

describe('a Streamable HTTP session', { timeout: 30_000 }, () => {
  it.each([['sessions'], ['json'], ['stateless']])(
    'speaks the 2025 era with an SDK v1 server (%s) that it starts',
    async (kind) => {
      const session = await open(await httpFixture('v1-server.mjs', '/mcp', kind));
      expect(session).toMatchObject({
        era: '2025',
        protocolVersion: '2025-11-25',
        serverInfo: { name: 'v1' },
        stdoutNoise: null,
      });
      expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
    },
  );

  it('answers what the server asks on a request’s stream and on its own', async () => {
    const session = await open(await httpFixture('v1-server.mjs', '/mcp', 'sessions'));
    expect(await valueOf(session, 'roots')).toEqual({ roots: [] });
    expect(await valueOf(session, 'ping-client')).toBe(1);
  });

  it('takes many calls at once', async () => {
    const session = await open(await httpFixture('v1-server.mjs', '/mcp', 'sessions'));
    const values = await Promise.all(
      Array.from({ length: 100 }, (_, i) => valueOf(session, 'add', { a: i, b: 1 })),
    );
    expect(values).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('ends the session with DELETE, and says so of calls after the server forgot it', async () => {
    const spec = await httpFixture('v1-server.mjs', '/mcp', 'sessions');
    const session = await open(spec);
    await fetch(new URL('/forget', spec.kind === 'http' ? spec.url : ''));
    expect(await call(session, 'add', { a: 1, b: 2 })).toMatchObject({
      outcome: 'lost',
      message: 'the server no longer knows this session (HTTP 404): it ended or forgot it',
    });
  });

  it('opens a new session once the server forgot it, as the protocol asks, and counts that', async () => {
    const spec = await httpFixture('v1-server.mjs', '/mcp', 'sessions');
    const session = await open(spec);
    await fetch(new URL('/forget', spec.kind === 'http' ? spec.url : ''));
    const lost = await Promise.all([1, 2, 3].map((a) => call(session, 'add', { a, b: 2 })));
    expect(lost.map(({ outcome }) => outcome)).toEqual(['lost', 'lost', 'lost']);
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
    expect(session.renewals).toBe(1);
    expect(await valueOf(session, 'ping-client'), 'by the stream of the new session').toBe(1);
  });

  it('says how the server was reached, phase by phase', async () => {
    const { session, reach } = await openSession(await httpFixture('v1-server.mjs', '/mcp', 'json'));
    await session.close();
    expect(reach.phases.map(({ phase }) => phase)).toEqual(['spawn', 'connect', 'http', 'handshake']);
  });

  it('falls back to HTTP+SSE of 2024-11-05', async () => {
    const session = await open(await httpFixture('v1-server.mjs', '/sse'));
    expect(session.era).toBe('2025');
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
    expect(await valueOf(session, 'ping-client')).toBe(1);
  });

  it('speaks the 2026 era with createMcpHandler, in headers as well', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'));
    expect(session).toMatchObject({ era: '2026', protocolVersion: '2026-07-28', serverInfo: { name: 'v2' } });
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
    expect(textValue(await call(session, 'confirm'))).toMatchObject({ answer: { action: 'decline' } });
  });

  it('encodes a tool’s name that a header cannot carry as it is', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'));
    expect(await call(session, 'größe')).toMatchObject({ outcome: 'result' });
  });

  it('speaks the 2025 era with createMcpHandler when told to', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'), { era: '2025' });
    expect(session.era).toBe('2025');
    expect(await valueOf(session, 'add', { a: 1, b: 2 })).toBe(3);
  });

  it('hands progress of a 2026 server to the caller', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'));
    const seen: unknown[] = [];
    await session.request(
      'tools/call',
      { name: 'progress', arguments: {} },
      { onProgress: (params) => seen.push(params['progress']) },
    );
    expect(seen).toEqual([1, 2, 3]);
  });

  it('cancels a call of the 2026 era by closing its exchange', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'));
    expect(
      await session.request('tools/call', { name: 'never', arguments: {} }, { timeoutMs: 100 }),
    ).toMatchObject({ outcome: 'timeout' });
    await expect.poll(() => valueOf(session, 'pending')).toBe(0);
  });

  it('knows a tool error from a protocol error', async () => {
    const session = await open(await httpFixture('v2-server.mjs', '/mcp'));
    expect(await session.request('no/such')).toMatchObject({ outcome: 'error', error: { code: -32601 } });
  });

  it('lists what the server has, after it was started', async () => {
    const { catalogue } = await readCatalogue(await open(await httpFixture('v1-server.mjs', '/mcp', 'json')));
    expect(catalogue.tools.map(({ name }) => name)).toEqual(['add', 'roots', 'ping-client']);
    expect(catalogue.faults).toEqual([]);
  });

  it('stops the server that it started', async () => {
    const spec = await httpFixture('v1-server.mjs', '/mcp', 'json');
    const { session } = await openSession(spec);
    await session.close();
    expect(session.process?.exit).not.toBeNull();
    await expect(fetch(spec.kind === 'http' ? spec.url : '')).rejects.toThrow('fetch failed');
  });
});

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  body: { id?: number; method?: string },
) => void;

/** A server in this process that answers the 2025 handshake by itself, and everything else as the test says. */
async function serve(handler: Handler): Promise<string> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const body = (text === '' ? {} : JSON.parse(text)) as { id?: number; method?: string };
      if (body.method === 'initialize') {
        const result = {
          protocolVersion: '2025-11-25',
          capabilities: {},
          serverInfo: { name: 'inline', version: '1' },
        };
        response
          .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's1' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: body.id, result }));
      } else if (body.method === 'notifications/initialized') response.writeHead(202).end();
      else if (request.method === 'DELETE') response.writeHead(405).end();
      else handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
}

const answer = (id: number | undefined, result: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result });

describe('an HTTP answer', { timeout: 30_000 }, () => {
  it('may come as events cut anywhere, with comments and CRLF', async () => {
    const url = await serve((_request, response, { id }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(
        `: hello\r\n\r\nevent: message\r\ndata: ${answer(id, { text: 'grün' })}\r\n\r\n`,
      );
      const middle = bytes.indexOf('ü') + 1;
      response.write(bytes.subarray(0, middle), () =>
        setImmediate(() => response.end(bytes.subarray(middle))),
      );
    });
    const session = await open(http(url), { era: '2025' });
    expect(await session.request('x')).toMatchObject({ outcome: 'result', result: { text: 'grün' } });
  });

  it('carries session and version on every later request', async () => {
    const url = await serve((request, response, { id }) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(answer(id, { headers: request.headers }));
    });
    const session = await open(http(url, null, { authorization: 'Bearer abcdefgh' }), { era: '2025' });
    expect(await session.request('x')).toMatchObject({
      result: {
        headers: {
          'mcp-session-id': 's1',
          'mcp-protocol-version': '2025-11-25',
          authorization: 'Bearer abcdefgh',
        },
      },
    });
  });

  it('that ends before its time is taken up again from the last event', async () => {
    const url = await serve((request, response, { id }) => {
      if (request.method === 'POST') {
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`id: e${String(id)}\nretry: 10\ndata:\n\n`);
      } else if (request.headers['last-event-id'] !== undefined) {
        const asked = Number(request.headers['last-event-id'].toString().slice(1));
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`data: ${answer(asked, { resumed: true })}\n\n`);
      } else response.writeHead(405).end();
    });
    const session = await open(http(url), { era: '2025' });
    expect(await session.request('x')).toMatchObject({ outcome: 'result', result: { resumed: true } });
  });

  it.each<[string, string, Handler]>([
    [
      'an event stream without an answer',
      'closed its event stream without answering',
      (_q, s) => s.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n'),
    ],
    [
      'a connection closed in the middle',
      'the connection closed in the middle of the answer',
      (_q, s) => {
        s.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        s.write('{"jsonrpc"', () => s.destroy());
      },
    ],
    ['a connection closed at once', 'closed the connection without an answer', (_q, s) => s.destroy()],
    [
      'a page',
      'answered with an HTML page ("Oops") instead of JSON-RPC (HTTP 502)',
      (_q, s) => s.writeHead(502, { 'content-type': 'text/html' }).end('<html><title>Oops</title></html>'),
    ],
    [
      'something else',
      'answered HTTP 500 with "it broke" instead of JSON-RPC',
      (_q, s) => s.writeHead(500).end('it broke'),
    ],
    [
      'nothing',
      'answered HTTP 202 with an empty body instead of JSON-RPC',
      (_q, s) => s.writeHead(202).end(),
    ],
  ])('that is %s is lost, in words', async (_what, words, handler) => {
    const url = await serve((request, response, body) =>
      request.method === 'GET' ? response.writeHead(405).end() : handler(request, response, body),
    );
    const session = await open(http(url), { era: '2025' });
    expect(await session.request('x')).toMatchObject({
      outcome: 'lost',
      message: expect.stringContaining(words) as string,
    });
  });

  it('with status 500 and a JSON-RPC error is that error', async () => {
    const url = await serve((_request, response) => {
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32603, message: 'inner' } }));
    });
    const session = await open(http(url), { era: '2025' });
    expect(await session.request('x')).toMatchObject({
      outcome: 'error',
      error: { code: -32603, message: 'inner' },
    });
  });

  it('may be found behind redirects of the same origin', async () => {
    let redirects = 0;
    const url = await serve((request, response, { id }) => {
      if (request.url === '/mcp') {
        redirects += 1;
        response.writeHead(307, { location: '/mcp/' }).end();
      } else response.writeHead(200, { 'content-type': 'application/json' }).end(answer(id, { ok: true }));
    });
    const session = await open(http(url), { era: '2025' });
    expect(await session.request('x')).toMatchObject({ outcome: 'result' });
    expect(await session.request('x')).toMatchObject({ outcome: 'result' });
    expect(redirects).toBeLessThanOrEqual(2);
  });

  it('that a kept-alive connection did not bring is asked for again only if that connection had idled', async () => {
    const requests: (string | undefined)[] = [];
    const url = await serve((request, response, { id, method }) => {
      requests.push(method);
      const repeated = requests.filter((other) => other === method).length > 1;
      if (method === 'busy' || (method === 'stale' && !repeated)) request.socket.destroy();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(answer(id, {}));
    });
    const session = await open(http(url, null), { era: '2025' });
    expect(await session.request('first')).toMatchObject({ outcome: 'result' });
    expect(await session.request('busy')).toMatchObject({ outcome: 'lost' });
    expect(await session.request('second')).toMatchObject({ outcome: 'result' });
    const now = process.hrtime;
    vi.spyOn(process, 'hrtime').mockImplementation(() => [now()[0] + 2, now()[1]]);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await session.request('stale')).toMatchObject({ outcome: 'result' });
    expect(requests.filter((method) => method !== undefined)).toEqual([
      'first',
      'busy',
      'second',
      'stale',
      'stale',
    ]);
  });
});
