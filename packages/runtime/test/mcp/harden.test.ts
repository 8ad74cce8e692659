import { McpServer as McpServer1, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InMemoryTransport as InMemory1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer as McpServer2 } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { currentCall } from '../../src/call.ts';
import { createPolicy, harden } from '../../src/mcp/index.ts';
import { later, turns } from '../handshake.ts';
import { addTools2, overMemory, SERVERS } from './servers.ts';

/** The SDK's method through which every request comes. */
const DISPATCH = '_onrequest';

describe.each(Object.entries(SERVERS))('%s', (name, open) => {
  test('of eight calls at once with a limit of two and a queue of two, four are answered and four refused', async () => {
    const policy = createPolicy({ limits: { work: 2 }, maxQueued: 2 });
    const [ready, held] = [later(), later()];
    let [running, most] = [0, 0];
    const peer = await open(policy, {
      work: async () => {
        most = Math.max(most, ++running);
        if (running === 2) ready.resolve();
        await held.promise;
        running--;
        return 'done';
      },
    });
    const calls = Array.from({ length: 8 }, () => peer.call('work'));
    await ready.promise;
    while (policy.counts.refusedFull < 4) await turns(1);
    expect(policy).toMatchObject({ running: 2, queued: 2 });
    held.resolve();
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ result }) => result?.isError);
    expect(answers.filter(({ result }) => result?.content?.[0]?.text === 'done')).toHaveLength(4);
    expect(refused).toHaveLength(4);
    expect(refused[0]?.result?.content?.[0]?.text).toMatch(
      /^Server overloaded — retry later \(in about \d+ s\)$/,
    );
    expect(refused[0]?.result?.['_meta']?.['mettle/retryAfterMs']).toEqual(expect.any(Number));
    expect(most).toBe(2);
    expect(policy).toMatchObject({ running: 0, queued: 0 });
    await peer.close();
    await policy.close();
  });

  test('while its tools are stuck, the server still answers ping, initialize and discover at once', async () => {
    const policy = createPolicy({ limits: { work: 1 }, maxQueued: 0 });
    const [started, held] = [later(), later()];
    const peer = await open(policy, { work: () => (started.resolve(), held.promise) });
    const stuck = peer.call('work');
    await started.promise;
    const method = name.includes('2026') ? 'server/discover' : 'ping';
    expect(await peer.request(method)).toHaveProperty('result');
    held.resolve();
    await stuck;
    await peer.close();
    await policy.close();
  });

  test('inside a handler the call is known, and its signal aborts when the client cancels', async () => {
    const policy = createPolicy();
    const [started, seen] = [later<string>(), later<unknown>()];
    const peer = await open(policy, {
      work: (context) =>
        new Promise((resolve) => {
          const call = currentCall();
          const signal = context.mcpReq?.signal ?? context.signal;
          call?.signal?.addEventListener('abort', () => {
            seen.resolve([signal === call.signal, signal?.aborted]);
            resolve('stopped');
          });
          started.resolve(`${call?.method} ${call?.name}`);
        }),
    });
    const abort = new AbortController();
    const call = peer.call('work', abort.signal).catch(() => undefined);
    expect(await started.promise).toBe('tools/call work');
    abort.abort();
    await call;
    // Stateless 2025 serving gets cancellations on another server instance: only the broken connection counts.
    expect(await seen.promise).toEqual([true, true]);
    while (policy.running > 0) await turns(1);
    await peer.close();
    await policy.close();
  });
});

describe('harden', () => {
  test('a handler that never answers: its caller gets an error at the deadline, its place goes to the next', async () => {
    const policy = createPolicy({ limits: { stuck: 1 }, callTimeoutMs: 30 });
    const server = new McpServer2({ name: 'test', version: '1' });
    let reason: unknown;
    addTools2(server, {
      stuck: ({ mcpReq }) =>
        new Promise(() => mcpReq?.signal.addEventListener('abort', () => (reason = mcpReq.signal.reason))),
    });
    const peer = await overMemory(harden(server, policy), InMemory1);
    const answers = await Promise.all([peer.call('stuck'), peer.call('stuck')]);
    for (const { result } of answers) {
      expect(result).toMatchObject({ isError: true });
      expect(result?.content?.[0]?.text).toBe('stuck did not answer within 30 ms and was given up');
    }
    expect(reason).toMatchObject({ code: 'METTLE_TIMED_OUT' });
    expect(policy).toMatchObject({ running: 0, abandoned: 2 });
  });

  test('a cancelled handler that goes on keeps its place only for the grace', async () => {
    const policy = createPolicy({ limits: { stuck: 1 }, cancelGraceMs: 20 });
    const server = new McpServer2({ name: 'test', version: '1' });
    const started = later();
    addTools2(server, { stuck: () => (started.resolve(), new Promise(() => undefined)) });
    const peer = await overMemory(harden(server, policy), InMemory1);
    const abort = new AbortController();
    const call = peer.call('stuck', abort.signal).catch(() => undefined);
    await started.promise;
    abort.abort();
    await call;
    expect(policy.running).toBe(1);
    while (policy.running > 0) await turns(1);
    expect(policy.abandoned).toBe(1);
  });

  test('errors, thrown things that are no errors, and isError pass through as without it', async () => {
    const tools = {
      throws: () => {
        throw new Error('broken');
      },
      string: () => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw 'a string';
      },
    };
    for (const open of Object.values(SERVERS)) {
      const [bare, hard] = await Promise.all([open('bare', tools), open(createPolicy(), tools)]);
      for (const tool of ['throws', 'string', 'unknown']) {
        expect(await hard.call(tool)).toEqual(await bare.call(tool));
      }
      expect(await hard.request('tools/list')).toEqual(await bare.request('tools/list'));
      expect(await hard.request('no/such/method')).toEqual(await bare.request('no/such/method'));
      await Promise.all([bare.close(), hard.close()]);
    }
  });

  test('a refused resource gets a JSON-RPC error with reason and hint; resources count by prefix or scheme', async () => {
    const policy = createPolicy({ limits: { 'db://big/': 1 }, maxQueued: 0 });
    const server = new McpServer1({ name: 'test', version: '1' });
    const held = later();
    const template = new ResourceTemplate('db://{size}/{id}', { list: undefined });
    server.registerResource('rows', template, {}, async (uri) => {
      await held.promise;
      return { contents: [{ uri: uri.href, text: 'row' }] };
    });
    const peer = await overMemory(harden(server, policy), InMemory1);
    const first = peer.request('resources/read', { uri: 'db://big/1' });
    const refused = await peer.request('resources/read', { uri: 'db://big/2' });
    expect(refused.error).toMatchObject({ code: -32000, data: { reason: 'METTLE_OVERLOADED' } });
    expect(refused.error?.data?.retryAfterMs).toEqual(expect.any(Number));
    const small = peer.request('resources/read', { uri: 'db://small/1' });
    await turns(2);
    expect(policy.running).toBe(2);
    held.resolve();
    await Promise.all([first, small]);
    const names = policy.operations().map(({ operation }) => operation.name);
    expect(names).toEqual(expect.arrayContaining(['db://big/', 'db:']));
  });

  test('what it cannot hook it refuses: unknown objects, and servers that dispatch in another way', () => {
    expect(() => harden({})).toThrow(expect.objectContaining({ code: 'METTLE_CANNOT_HOOK' }));
    class Other {
      _requestHandlers = new Map();
      _onrequest(): void {}
    }
    expect(() => harden(new Other())).toThrow(expect.objectContaining({ code: 'METTLE_CANNOT_HOOK' }));
  });

  test('what an examination has put something around, and says so, it hooks like any other', () => {
    const server = new McpServer1({ name: 'test', version: '1' });
    const owner = ownerOf(server.server, DISPATCH) as Record<string, (...args: unknown[]) => unknown>;
    const dispatch = owner[DISPATCH];
    if (dispatch === undefined) throw new Error('the SDK dispatches in another way');
    const around = function (this: unknown, ...args: unknown[]): unknown {
      return dispatch.apply(this, args);
    };
    try {
      owner[DISPATCH] = around;
      expect(() => harden(server)).toThrow(expect.objectContaining({ code: 'METTLE_CANNOT_HOOK' }));
      owner[DISPATCH] = Object.defineProperty(around, Symbol.for('mettle.wraps'), { value: dispatch });
      expect(harden(server)).toBe(server);
    } finally {
      owner[DISPATCH] = dispatch;
    }
  });

  test('hardening twice wraps once', async () => {
    const policy = createPolicy({ limits: { work: 1 }, maxQueued: 0 });
    const server = new McpServer2({ name: 'test', version: '1' });
    addTools2(server, { work: () => 'done' });
    const peer = await overMemory(harden(harden(server, policy), policy), InMemory1);
    expect((await peer.call('work')).result?.isError).toBeUndefined();
    expect(policy.servers).toBe(1);
  });

  test('a literal in a factory is one policy for all servers it makes, with a warning', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const peers = await Promise.all(
      [1, 2].map((at) => {
        const server = new McpServer2({ name: `test ${at}`, version: '1' });
        addTools2(server, { work: () => held.promise });
        return overMemory(harden(server, { limits: { work: 1 }, maxQueued: 0 }), InMemory1);
      }),
    );
    const held = later();
    const first = peers[0]?.call('work');
    expect((await peers[1]?.call('work'))?.result?.isError).toBe(true);
    held.resolve();
    expect((await first)?.result?.isError).toBeUndefined();
    await expect(warned).resolves.toMatchObject({ code: 'METTLE_SHARED_POLICY' });
  });

  test('a fallback handler, which proxies live on, is counted and limited by its method', async () => {
    const policy = createPolicy({ maxConcurrent: 1, maxQueued: 0, guard: false });
    const { Server } = await import('@modelcontextprotocol/sdk/server/index.js');
    const server = new Server({ name: 'proxy', version: '1' }, { capabilities: { tools: {} } });
    harden(server, policy);
    const held = later();
    server.fallbackRequestHandler = async () => {
      await held.promise;
      return { content: [] };
    };
    const peer = await overMemory(server, InMemory1);
    const first = peer.call('any');
    expect((await peer.call('any')).result?.isError).toBe(true);
    held.resolve();
    expect((await first).result?.isError).toBeUndefined();
  });

  test('health is readable while everything is stuck, and lists what runs', async () => {
    const policy = createPolicy({ limits: { work: 1 }, maxQueued: 0, health: true });
    const server = new McpServer2({ name: 'test', version: '1' });
    const [started, held] = [later(), later()];
    addTools2(server, { work: () => (started.resolve(), held.promise) });
    const peer = await overMemory(harden(server, policy), InMemory1);
    const stuck = peer.call('work');
    await started.promise;
    const answer = await peer.request('resources/read', { uri: 'mettle://health' });
    const health = JSON.parse(answer.result?.contents?.[0]?.text ?? '');
    expect(health).toMatchObject({ schema: 'mettle/health@1', status: 'ok', running: 1, shedding: null });
    expect(health.operations).toContainEqual(expect.objectContaining({ name: 'work', running: 1, limit: 1 }));
    held.resolve();
    await stuck;
  });

  test('closing refuses what waits and comes, and waits for what runs', async () => {
    const policy = createPolicy({ limits: { work: 1 } });
    const server = new McpServer2({ name: 'test', version: '1' });
    const [started, held] = [later(), later()];
    addTools2(server, { work: () => (started.resolve(), held.promise) });
    const peer = await overMemory(harden(server, policy), InMemory1);
    const [first, second] = [peer.call('work'), peer.call('work')];
    await started.promise;
    let closed = false;
    const closing = policy.close().then(() => (closed = true));
    expect((await second).result?.content?.[0]?.text).toMatch('Server is shutting down');
    expect((await peer.call('work')).result?.isError).toBe(true);
    expect(closed).toBe(false);
    held.resolve();
    expect((await first).result?.isError).toBeUndefined();
    await closing;
  });

  test('invented names cost no memory past the first thousand', async () => {
    const policy = createPolicy();
    const server = new McpServer2({ name: 'test', version: '1' });
    addTools2(server, { work: () => 'done' });
    const peer = await overMemory(harden(server, policy), InMemory1);
    for (let at = 0; at < 1200; at++) await peer.call(`invented ${at}`);
    expect(policy.operations().length).toBeLessThanOrEqual(1005);
    await peer.close();
  });

  test('nor do invented methods, of which a fallback handler takes any', async () => {
    const policy = createPolicy();
    const { Server } = await import('@modelcontextprotocol/sdk/server/index.js');
    const server = new Server({ name: 'proxy', version: '1' }, { capabilities: {} });
    server.fallbackRequestHandler = async () => ({});
    const peer = await overMemory(harden(server, policy), InMemory1);
    for (let at = 0; at < 150; at++) await peer.request(`invented/${at}`);
    expect(policy.operations().length).toBeLessThanOrEqual(101);
  });
});

/** The prototype that a method stands on. */
function ownerOf(instance: object, method: string): object {
  let at = instance;
  while (!Object.hasOwn(at, method)) at = Object.getPrototypeOf(at) as object;
  return at;
}
