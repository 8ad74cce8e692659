import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectGarbage } from '../../../src/agent/garbage.ts';
import { json, look, mcpServer, result, serve, type Message } from './loopback.ts';

/** Too short to wait for, too long for loopback to need. */
const SOON = { timeoutMs: 700 };

/** Writes without end, as fast as it is read. */
function pour(response: ServerResponse, chunk: string): void {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk)) continue;
  };
  response.on('drain', more);
  more();
}

function every(durationMs: number, action: () => void): void {
  const timer = setInterval(action, durationMs);
  onTestFinished(() => clearInterval(timer));
}

describe('what HTTP answers instead of MCP is a fault of its phase:', { timeout: 20_000 }, () => {
  it.each([400, 404, 500, 503])('status %i', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end('no'));
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http', httpStatus: status });
    expect(outcome.sentence).toContain(`HTTP ${String(status)}`);
  });

  it('an HTML page', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Welcome</title>'),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http', httpStatus: 200 });
    expect(outcome.sentence).toContain('answered with an HTML page ("Welcome") instead of JSON-RPC');
  });

  it('JSON of some other interface', async () => {
    const url = await serve((_request, response) => json(response, { error: 'not found' }, 404));
    expect(await look(url)).toMatchObject({ status: 'down', failedPhase: 'http', httpStatus: 404 });
  });

  it('a redirect loop', async () => {
    const url = await serve((_request, response) => response.writeHead(307, { location: '/mcp' }).end());
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http', httpStatus: 307 });
    expect(outcome.sentence).toContain('redirects (HTTP 307) more than 5 times in a row');
  });

  it('a redirect elsewhere is not followed, since credentials would go along', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(308, { location: 'http://elsewhere.example/mcp' }).end(),
    );
    const outcome = await look(url, {}, { bearer: 'secret' });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http' });
    expect(outcome.sentence).toContain(
      'to another origin: use that URL itself, http://elsewhere.example/mcp',
    );
  });

  it('a redirect within the server is followed', async () => {
    const well = mcpServer();
    const url = await serve((request, response) => {
      if (request.url === '/mcp') response.writeHead(308, { location: '/v2/mcp' }).end();
      else well(request, response);
    });
    expect(await look(url)).toMatchObject({ status: 'up' });
  });
});

describe('what goes wrong in MCP is a fault of its phase:', { timeout: 20_000 }, () => {
  it('a handshake that is never answered, though HTTP is', async () => {
    const url = await serve(mcpServer({ initialize: () => undefined }));
    const outcome = await look(url, { ...SOON, era: '2025' });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake' });
    expect(outcome.sentence).toContain(
      'did not answer initialize within 700 ms; HTTP it does answer (405 to a GET)',
    );
  });

  it('a version that Mettle does not speak', async () => {
    const url = await serve(
      mcpServer({
        initialize: (message, _request, response) =>
          result(response, message, { protocolVersion: '1999-01-01', capabilities: {} }),
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake' });
    expect(outcome.sentence).toContain('chose protocol version "1999-01-01" in the handshake');
  });

  it('a handshake answered with an error', async () => {
    const url = await serve(
      mcpServer({
        initialize: ({ id }, _request, response) =>
          json(response, { jsonrpc: '2.0', id, error: { code: -32603, message: 'no database' } }),
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake' });
    expect(outcome.sentence).toContain('answered initialize with error -32603: "no database"');
  });

  it.each([
    ['broken off in the middle', '{"jsonrpc":"2.0","id":2,"resu', 'is no JSON-RPC answer'],
    ['without its version', '{"id":2,"result":{}}', 'it lacks "jsonrpc": "2.0"'],
    ['with another id', '{"jsonrpc":"2.0","id":77,"result":{}}', 'is no JSON-RPC answer'],
    ['with a result that is no object', '{"jsonrpc":"2.0","id":2,"result":7}', 'its "result" is no object'],
    ['that is empty', '', 'an empty body'],
  ])('JSON-RPC %s', async (_name, body, said) => {
    const url = await serve(
      mcpServer({
        initialize: (_message, _request, response) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake' });
    expect(outcome.sentence).toContain(said);
  });

  it('a stream of events that never holds the answer', async () => {
    const url = await serve(
      mcpServer({
        initialize: (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 's' });
          every(20, () => response.write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'));
        },
      }),
    );
    const outcome = await look(url, { ...SOON, era: '2025' });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake', sessionEnd: 'ended' });
    expect(outcome.sentence).toMatch(
      /opened an event stream, but \d+ events .* the answer to initialize had not come/,
    );
  });

  it('a stream of events without end, poured as fast as it is read', async () => {
    const url = await serve(
      mcpServer({
        initialize: (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          pour(response, `data: ${'x'.repeat(60_000)}`);
        },
      }),
    );
    const outcome = await look(url, { era: '2025' });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'handshake' });
    expect(outcome.sentence).toContain('is larger than the 1.0 MiB that are read');
  });

  it('a body that comes drop by drop', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' }).write('{"jsonrpc":"2.0",');
          every(20, () => response.write(' '));
        },
      }),
    );
    const outcome = await look(url, SOON);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list', sessionEnd: 'ended' });
    expect(outcome.sentence).toMatch(
      /began to answer tools\/list, but did not finish within 700 ms: \d+ bytes had come/,
    );
  });

  it('a listing that is not answered', async () => {
    const url = await serve(mcpServer({ 'tools/list': () => undefined }));
    const outcome = await look(url, SOON);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list', sessionEnd: 'ended' });
  });

  it('a cursor that comes a second time', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (message, _request, response) =>
          result(response, message, { tools: [{ name: 'a' }], nextCursor: 'again' }),
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list' });
    expect(outcome.sentence).toContain('gave the cursor "again" of tools/list a second time');
  });

  it('cursors without end', async () => {
    let page = 0;
    const endless = (message: Message, _request: unknown, response: ServerResponse): void => {
      page += 1;
      result(response, message, { tools: [{ name: `tool-${String(page)}` }], nextCursor: String(page) });
    };
    const outcome = await look(await serve(mcpServer({ 'tools/list': endless })), { timeoutMs: 15_000 });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list', sessionEnd: 'ended' });
    expect(outcome.sentence).toMatch(/tools\/list/);
    expect(page).toBeLessThanOrEqual(1000);
  });

  it('a listing of 100 MB, of which no more is read than allowed', async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const url = await serve(
      mcpServer({
        'tools/list': (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const more = (): void => {
            while (!response.destroyed && sentBytes < 100 * chunk.length) {
              sentBytes += chunk.length;
              if (!response.write(chunk)) return;
            }
            response.end();
          };
          response.on('drain', more);
          more();
        },
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list', sessionEnd: 'ended' });
    expect(outcome.sentence).toContain('to tools/list is larger than the 10.0 MiB that are read');
    expect(sentBytes).toBeLessThan(40 * chunk.length);
  });

  it('a listing of an announced 100 MB, of which nothing is read', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (_message, _request, response) => {
          response
            .writeHead(200, { 'content-type': 'application/json', 'content-length': 100_000_000 })
            .write('{');
        },
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list' });
    expect(outcome.sentence).toContain('is announced with 95.4 MiB');
  });

  it('a connection cut in the middle of the listing', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' }).write('{"jsonrpc"');
          setImmediate(() => response.destroy());
        },
      }),
    );
    expect(await look(url)).toMatchObject({ status: 'down', failedPhase: 'list' });
  });

  it('a tool without a name', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (message, _request, response) =>
          result(response, message, { tools: [{ description: 'x' }] }),
      }),
    );
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'list' });
    expect(outcome.sentence).toContain('lists a tool without a name');
  });
});

describe('a faulty server', { timeout: 60_000 }, () => {
  it('looked at again and again costs no memory', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (_message, _request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          pour(response, 'x'.repeat(60_000));
        },
      }),
    );
    const bytesAfter = async (looks: number): Promise<number> => {
      for (let i = 0; i < looks; i += 1) await look(url, { maxAnswerBytes: 1024 * 1024 });
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      return process.memoryUsage().heapUsed + process.memoryUsage().external;
    };
    await bytesAfter(10);
    const before = await bytesAfter(20);
    const after = await bytesAfter(60);
    // Each look reads 1 MiB: what is kept of 60 would show.
    expect(after - before).toBeLessThan(10 * 1024 * 1024);
  });
});
