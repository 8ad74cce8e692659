import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readWatchConfig, servePage, Watcher } from '../../../src/watch/index.ts';
import type { InsideLook } from '../../../src/evidence/index.ts';
import { HealthOffers } from '../../../src/watch/probe/inside.ts';
import type { InsideRequest } from '../../../src/watch/probe/outcome.ts';
import { insideOf } from '../../../src/watch/probe/metrics-endpoint.ts';
import { hardenedServer, type HardenedServer } from './hardened-server.ts';
import { json as answerJson, look, mcpServer, result, serve, type Answer } from './loopback.ts';

const FIND: InsideRequest = { health: 'find', metricsUrl: null };
/** A server that has resources, as its handshake says. */
const initialize: Answer = (message, _request, response) => {
  response.setHeader('mcp-session-id', 'session-1');
  result(response, message, {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {}, resources: {} },
    serverInfo: { name: 'loopback', version: '1.0.0' },
  });
};
/** What may become of reading mettle://health. */
const FAULTS: readonly (readonly [string, Answer])[] = [
  [
    'answers with an error',
    ({ id }, _request, response) =>
      answerJson(response, { jsonrpc: '2.0', id, error: { code: -32002, message: 'Resource not found' } }),
  ],
  ['cuts the connection', (_message, request) => request.socket.destroy()],
  ['answers with nonsense', (_message, _request, response) => response.end('<html>')],
  [
    'tells no figures',
    (message, _request, response) =>
      result(response, message, { contents: [{ uri: 'mettle://health', text: '{"running":"many"}' }] }),
  ],
];

describe('the inside of a hardened server', { timeout: 30_000 }, () => {
  let server: HardenedServer;
  beforeAll(async () => {
    server = await hardenedServer();
    server.keepBusy(5);
  });
  afterAll(() => server.stop());

  it('is found by itself where the server lists mettle://health, and tells what runs and waits', async () => {
    await expect
      .poll(async () => (await look(server.url, { inside: FIND })).inside)
      .toMatchObject({ offersHealth: true, fault: null, facts: { running: 2, queued: 3, status: 'ok' } });
    const { inside } = await look(server.url, { inside: { health: 'read', metricsUrl: null } });
    expect(inside?.facts).toMatchObject({
      heapBytes: expect.any(Number) as number,
      heapLimitBytes: expect.any(Number) as number,
      rssBytes: expect.any(Number) as number,
      eventLoopDelayMs: expect.any(Number) as number,
      eventLoopUtilization: expect.any(Number) as number,
    });
  });

  it('is told by its Prometheus endpoint as well, also when no client is answered', async () => {
    const { metricsUrl } = server;
    await expect
      .poll(async () => (await look(server.url, { inside: { health: 'no', metricsUrl } })).inside)
      .toMatchObject({ fault: null, facts: { running: 2, queued: 3 } });
    const { status, inside } = await look('http://127.0.0.1:1/mcp', {
      inside: { health: 'find', metricsUrl },
    });
    expect(status).toBe('down');
    expect(inside?.facts?.heapBytes).toBeGreaterThan(1e6);
    expect(inside?.facts?.uptimeS).toBeGreaterThanOrEqual(0);
  });

  it('stands beside the outside in the history, the API and the metrics of a watcher', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'watch.yaml');
    await writeFile(
      file,
      `defaults: { interval: 1s }
servers:
  - { name: found, url: '${server.url}' }
  - { name: off, url: '${server.url}', self: off }
  - { name: named, url: 'http://127.0.0.1:1/mcp', self: '${server.metricsUrl}' }
`,
    );
    const config = await readWatchConfig(file, {});
    const watcher = await Watcher.open(config, () => undefined);
    const page = await servePage(watcher, { host: '127.0.0.1', port: 0, token: null });
    onTestFinished(async () => {
      await page.close();
      await watcher.stop();
    });
    await watcher.start();
    const json = async (path: string): Promise<unknown> => (await fetch(new URL(path, page.url))).json();
    await expect
      .poll(() => json('api/servers'), { timeout: 20_000 })
      .toMatchObject([
        { name: 'found', status: 'up', inside: { facts: { running: 2, queued: 3 } } },
        { name: 'off', status: 'up', inside: null },
        { name: 'named', phases: {}, inside: { facts: { running: 2 } } },
      ]);
    expect(await json('api/servers/found')).toMatchObject({
      looks: expect.arrayContaining([
        expect.objectContaining({ inside: expect.objectContaining({ running: 2 }) as object }),
      ]) as unknown[],
    });
    const text = await (await fetch(new URL('metrics', page.url))).text();
    expect(text).toContain('mettle_inside_queued{server="found"} 3');
    expect(text).toMatch(/mettle_inside_heap_used_bytes\{server="named"\} \d+/);
    expect(text).not.toContain('mettle_inside_running{server="off"}');
  });
});

describe('asking for the inside', { timeout: 30_000 }, () => {
  it('is not asked for again at a server that lists no health, nor at one without resources', async () => {
    const log: string[] = [];
    const url = await serve(
      mcpServer(
        {
          initialize,
          'resources/list': (message, _request, response) =>
            result(response, message, { resources: [{ name: 'x', uri: 'file:///x' }] }),
        },
        log,
      ),
    );
    expect((await look(url, { inside: FIND })).inside).toEqual({
      facts: null,
      offersHealth: false,
      fault: null,
    });
    expect(log.filter((each) => each === 'resources/read')).toEqual([]);
    const plain: string[] = [];
    const other = await look(await serve(mcpServer({}, plain)), { inside: FIND });
    expect(other.inside?.offersHealth).toBe(false);
    expect(plain).not.toContain('resources/list');
    expect((await look(url)).inside).toBeNull();
  });

  it.each(FAULTS)('never spoils a look: health that %s', async (_how, answer) => {
    const url = await serve(mcpServer({ initialize, 'resources/read': answer }));
    const outcome = await look(url, { inside: { health: 'read', metricsUrl: 'http://127.0.0.1:1/metrics' } });
    expect(outcome).toMatchObject({
      status: 'up',
      inside: { facts: null, fault: expect.stringContaining('mettle://health') as string },
    });
    expect(outcome.inside?.fault).toContain('127.0.0.1:1');
  });

  it('leaves no session behind when health hangs, and waits two seconds at most', async () => {
    const log: string[] = [];
    const url = await serve(mcpServer({ initialize, 'resources/read': () => undefined }, log));
    const { durationMs, status, inside, sessionEnd } = await look(url, {
      inside: { health: 'read', metricsUrl: null },
    });
    expect(status).toBe('up');
    expect(inside?.fault).toMatch(/did not answer resources\/read within 2 s/);
    expect([sessionEnd, log.at(-1)]).toEqual(['ended', 'DELETE']);
    // The verdict does not wait for it.
    expect(durationMs).toBeLessThan(2000);
  });
});

describe('figures of a Prometheus page', () => {
  it('are summed over tools, and taken from prom-client where the runtime is not there', () => {
    expect(
      insideOf(
        'mettle_running{mcp_method_name="tools/call",gen_ai_tool_name="a } b"} 2\nmettle_running{x="y"} 3 1700000000\nmettle_shedding 1\n',
        0,
      ),
    ).toMatchObject({ running: 5, status: 'overloaded', heapBytes: null });
    expect(
      insideOf('# HELP x y\nnodejs_heap_size_used_bytes 1e7\nprocess_start_time_seconds 100\n', 160_000),
    ).toMatchObject({ heapBytes: 1e7, uptimeS: 60, status: 'ok' });
    expect(insideOf('<html>up 1</html>', 0)).toBeNull();
  });
});

describe('whether a server lists its health', () => {
  const told = (change: Partial<InsideLook>): InsideLook => ({
    facts: null,
    offersHealth: null,
    fault: null,
    ...change,
  });
  const facts = insideOf('mettle_running 1', 0);
  /** What is asked for at the next look, after those that told this. */
  function asked(after: readonly InsideLook[], minutes = 1): string | undefined {
    const offers = new HealthOffers();
    for (const each of after) offers.learn('it', each, 0);
    return offers.request('it', FIND, minutes * 60_000)?.health;
  }

  it('is asked once an hour, and read meanwhile where it does', () => {
    expect(asked([])).toBe('find');
    expect(asked([told({ offersHealth: true, facts })])).toBe('read');
    expect(asked([told({ offersHealth: false })])).toBe('no');
    expect(asked([told({ offersHealth: false })], 61)).toBe('find');
  });

  it('is asked anew once it cannot be read, and not for a while where the question was not answered', () => {
    expect(asked([told({ offersHealth: true, facts }), told({ fault: 'gone' })])).toBe('find');
    expect(asked([told({ fault: 'silent' })])).toBe('no');
    expect(asked([told({ fault: 'silent' })], 6)).toBe('find');
    // A fault of the other endpoint alone says nothing of it.
    expect(asked([told({ offersHealth: false }), told({ fault: 'refused' })])).toBe('no');
    expect(new HealthOffers().request('it', null, 0)).toBeNull();
  });
});
