import { createServer, type RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { UsageError } from '../../../src/evidence/index.ts';
import { probe } from '../../../src/watch/probe/probe.ts';
import { compareListings } from '../../../src/watch/probe/tool-listing.ts';
import { moduleTarget, stdio } from '../../session/targets.ts';
import { hardenedServer } from './hardened-server.ts';
import { ADD_TOOL, listen, look, mcpServer, result, serve } from './loopback.ts';

describe('a healthy server', { timeout: 60_000 }, () => {
  it('of 2025 is up: every phase is timed, and its session is ended', async () => {
    const log: string[] = [];
    const outcome = await look(await serve(mcpServer({}, log)));
    expect(outcome).toMatchObject({
      status: 'up',
      era: '2025',
      protocolVersion: '2025-11-25',
      server: { name: 'loopback', version: '1.0.0' },
      tools: { count: 1, pages: 1 },
      sessionEnd: 'ended',
    });
    expect(outcome.phases.map(({ phase }) => phase)).toEqual(['connect', 'http', 'handshake', 'list']);
    expect(log).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
      'tools/list',
      'DELETE',
    ]);
    const total = outcome.phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
    expect(Math.abs(total - outcome.durationMs)).toBeLessThan(5);
  });

  it('whose era is known is not asked for it again', async () => {
    const log: string[] = [];
    await look(await serve(mcpServer({}, log)), { era: '2025' });
    expect(log).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
  });

  it('of 2026 is up, and needs no session', async () => {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'modern', version: '2.0.0' });
      server.registerTool('add', { description: 'Adds', inputSchema: z.object({ a: z.number() }) }, () => ({
        content: [],
      }));
      return server;
    });
    const port = await listen(createServer(toNodeHandler(handler) as RequestListener));
    const outcome = await look(`http://127.0.0.1:${String(port)}/mcp`);
    expect(outcome).toMatchObject({ status: 'up', era: '2026', sessionEnd: 'none', tools: { count: 1 } });
  });

  it('whose era was another one before is found out anew', async () => {
    expect(await look(await serve(mcpServer()), { era: '2026' })).toMatchObject({
      status: 'up',
      era: '2025',
    });
  });

  it('that answers by events and leaves the stream open is up', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': ({ id }, _request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(
            `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [ADD_TOOL] } })}\n\n`,
          );
        },
      }),
    );
    expect(await look(url)).toMatchObject({ status: 'up', tools: { count: 1 }, sessionEnd: 'ended' });
  });

  it('that closes each connection after its answer is up', async () => {
    const well = mcpServer();
    const url = await serve((request, response) => {
      response.setHeader('connection', 'close');
      well(request, response);
    });
    expect(await look(url)).toMatchObject({ status: 'up' });
  });

  it('on stdio is up, and its process is gone afterwards', async () => {
    const outcome = await probe({ name: 'it', spec: stdio('v1-server.mjs', 'stdio') });
    expect(outcome).toMatchObject({ status: 'up', era: '2025', httpStatus: null });
    expect(outcome.phases.map(({ phase }) => phase)).toEqual(['spawn', 'handshake', 'list']);
  });

  it('on stdio that cannot be started is down, with its last words', async () => {
    const spec = {
      ...stdio('v1-server.mjs', 'stdio'),
      command: [process.execPath, '-e', 'console.error("no key");process.exit(3)'] as const,
    };
    const outcome = await probe({ name: 'it', spec });
    expect(outcome).toMatchObject({ status: 'down', stderrTail: ['no key'] });
    expect(outcome.sentence).toContain('exited with code 3');
  });

  it('never costs more sessions than looks, nor leaves one, in 200 looks', async () => {
    const log: string[] = [];
    const url = await serve(mcpServer({}, log));
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => look(url, { era: '2025', timeoutMs: 30_000 })),
    );
    expect(outcomes.filter(({ status }) => status !== 'up')).toEqual([]);
    expect(log.filter((method) => method === 'initialize')).toHaveLength(200);
    expect(log.filter((method) => method === 'DELETE')).toHaveLength(200);
  });
});

describe('a call at the end of a look', { timeout: 20_000 }, () => {
  it('is timed', async () => {
    const outcome = await look(await serve(mcpServer()), {
      call: { tool: 'add', arguments: { a: 1, b: 2 } },
    });
    expect(outcome).toMatchObject({ status: 'up', call: { tool: 'add', isError: false } });
    expect(outcome.phases.at(-1)?.phase).toBe('call');
  });

  it('that answers with an error is a fault', async () => {
    const url = await serve(
      mcpServer({
        'tools/call': (message, _request, response) =>
          result(response, message, { isError: true, content: [{ type: 'text', text: 'no database' }] }),
      }),
    );
    const outcome = await look(url, { call: { tool: 'add', arguments: {} } });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'call', sessionEnd: 'ended' });
    expect(outcome.sentence).toBe('The tool "add" answered with an error: "no database".');
  });

  it('is refused for a tool that does not say that it is read-only', async () => {
    const url = await serve(
      mcpServer({
        'tools/list': (message, _request, response) =>
          result(response, message, { tools: [{ name: 'drop' }] }),
      }),
    );
    await expect(look(url, { call: { tool: 'drop', arguments: {} } })).rejects.toThrow(UsageError);
    expect(await look(url, { call: { tool: 'drop', arguments: {} }, allowWrites: true })).toMatchObject({
      status: 'up',
    });
  });
});

describe('tool lists', { timeout: 20_000 }, () => {
  const listing = async (
    tools: readonly unknown[],
  ): Promise<NonNullable<Awaited<ReturnType<typeof look>>['tools']>> => {
    const url = await serve(
      mcpServer({ 'tools/list': (message, _request, response) => result(response, message, { tools }) }),
    );
    const { tools: found } = await look(url);
    if (found === null) throw new Error('no tools');
    return found;
  };

  it('are equal whatever the order of tools and keys, and whichever dialect is named', async () => {
    const { name, inputSchema, ...rest } = ADD_TOOL;
    const other = {
      ...rest,
      inputSchema: { $schema: 'http://json-schema.org/draft-07/schema#', ...inputSchema },
      name,
    };
    const before = await listing([ADD_TOOL, { name: 'b' }]);
    const now = await listing([{ name: 'b' }, other]);
    expect(now.digest).toBe(before.digest);
    expect(compareListings(before, now)).toEqual([]);
  });

  it('tell what was added, removed, and described otherwise', async () => {
    const before = await listing([ADD_TOOL, { name: 'gone', description: 'x' }]);
    const now = await listing([
      { ...ADD_TOOL, description: 'Adds, and tells me', inputSchema: { type: 'object' } },
      { name: 'new' },
    ]);
    expect(compareListings(before, now).map(({ tool, kind }) => [tool, kind])).toEqual([
      ['add', 'description'],
      ['add', 'schema'],
      ['gone', 'removed'],
      ['new', 'added'],
    ]);
  });

  it('that are slow are taken three times before they count as slow', async () => {
    let listings = 0;
    const url = await serve(
      mcpServer({
        'tools/list': (message, _request, response) => {
          listings += 1;
          setTimeout(() => result(response, message, { tools: [] }), 520);
        },
      }),
    );
    const outcome = await look(url, { confirmSlowList: true, timeoutMs: 8000 });
    expect(listings).toBe(3);
    expect(outcome.listMs).toHaveLength(3);
    expect(Math.min(...outcome.listMs)).toBeGreaterThanOrEqual(510);
  });
});

describe('a look', { timeout: 20_000 }, () => {
  it('of a process that stood still is not taken for a server that did', async () => {
    const server = await hardenedServer();
    onTestFinished(() => server.stop());
    const asked = look(server.url, { timeoutMs: 400 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    // As a busy machine does to us, or a laptop that is closed.
    const untilMs = performance.now() + 2000;
    while (performance.now() < untilMs);
    expect(await asked).toMatchObject({
      status: 'up',
      sentence: expect.stringContaining('lists 1 tool') as string,
    });
  });

  it('that is interrupted ends its session and rejects with the reason', async () => {
    const log: string[] = [];
    const interrupt = new AbortController();
    const url = await serve(mcpServer({ 'tools/list': () => interrupt.abort(new Error('stop')) }, log));
    const target = {
      name: 'it',
      spec: { kind: 'http' as const, url, headers: {}, command: null, env: {}, cwd: '/' },
    };
    await expect(probe(target, {}, interrupt.signal)).rejects.toThrow('stop');
    expect(log.at(-1)).toBe('DELETE');
  });

  it('says when a server lets nobody end a session', async () => {
    const url = await serve(
      mcpServer({ DELETE: (_message, _request, response) => response.writeHead(405).end() }),
    );
    expect(await look(url)).toMatchObject({ status: 'up', sessionEnd: 'not-allowed' });
  });

  it('at what is no URL is refused in one sentence', async () => {
    await expect(look('ftp://it.example/mcp')).rejects.toThrow(UsageError);
    await expect(look('http://127.0.0.1:1/mcp', {}, { bearer: 'two\nlines' })).rejects.toThrow(UsageError);
  });

  it('takes a server in process as well', async () => {
    const outcome = await probe({ name: 'it', spec: moduleTarget('v2-server.mjs', 'createServer') });
    expect(outcome.status).toBe('up');
  });
});
