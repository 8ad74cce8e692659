import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, test } from 'vitest';
import { expectNoLeak, LeakError } from '../../src/testing.ts';
import { TEST_NODE } from '../agent/target.ts';
import { ownFixture } from './bare-server.ts';
import { connected } from './fixtures/in-tests/server.mjs';

/** A test's process has a large heap, and the machine may be busy. */
const SLOW_MS = 180_000;
const budgetMs = 90_000;

const rejected = async (call: (i: number) => unknown, options = {}): Promise<LeakError> => {
  const error: unknown = await expectNoLeak(call, { budgetMs, ...options }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LeakError)) throw new Error(`no leak was told, but ${String(error)}`);
  return error;
};

describe('expectNoLeak, in the process of the test', { timeout: SLOW_MS }, () => {
  test('a tool that keeps an entry per call fails, with objects, bytes, what holds it and the line', async () => {
    const { client, close } = await connected();
    const error = await rejected(() => client.callTool({ name: 'open_session', arguments: {} }), {
      name: 'open_session',
    });
    expect(error.message).toMatch(
      /^A leak in [\d,]+ calls: what they leave behind grows and does not end\.\n\n1\. `open_session` adds one entry to the Map `sessions` per call.*: \d+ B per call, at .*server\.mjs:19 \(collection-leak\)/,
    );
    expect(error.message).toMatch(/held by: module .*server\.mjs → Map "sessions" → entry/);
    expect(error.findings[0]).toMatchObject({ id: 'collection-leak', location: { line: 19 } });
    expect(error.stack).toContain('expect-no-leak.test');
    await close();
  });

  test('a cache that fills, what is loaded once, and code that V8 compiles are no leaks; the cache stays as it was', async () => {
    const { client, answers, close } = await connected();
    await client.callTool({ name: 'look_up', arguments: { key: 'mine' } });
    const looked = await expectNoLeak(
      (i) => client.callTool({ name: 'look_up', arguments: { key: `key ${i}` } }),
      { budgetMs },
    );
    expect(looked.calls).toBeGreaterThan(50);
    expect([...answers.keys()].filter((key) => !/^(?:mine|key \d+)$/.test(key))).toEqual([]);
    await close();
  });

  test('a leak that is known can be accepted, and what the test runner keeps of the calls is none', async () => {
    const bus = new EventEmitter().setMaxListeners(0);
    const subscribe = (): void => {
      console.log('called');
      bus.on('update', () => bus.emit('seen'));
    };
    const ignore = [/`subscribe` adds one listener for `update`/];
    expect(await expectNoLeak(subscribe, { budgetMs, ignore })).toMatchObject({ notCovered: [] });
  });
});

test(
  'a server in a process of its own is looked into instead, by the number of that process',
  async () => {
    const transport = new StdioClientTransport({
      command: TEST_NODE,
      args: ['--inspect-port=0', ownFixture('remembering.mjs')],
      stderr: 'ignore',
    });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transport);
    const error = await rejected(() => client.callTool({ name: 'order', arguments: {} }), {
      name: 'order',
      pid: transport.pid,
    });
    expect(error.message).toMatch(/`order` adds one entry to the Map `orders` per call.*remembering\.mjs:13/);
    await client.close();
  },
  SLOW_MS,
);

describe('what is no use', () => {
  test('a call that fails fails the test as itself', async () => {
    await expect(expectNoLeak(() => Promise.reject(new TypeError('no such tool')))).rejects.toThrow(
      new TypeError('no such tool'),
    );
  });

  test.each([
    [undefined, {}, 'takes a function'],
    [() => 1, { concurrency: 0 }, 'concurrency is a whole number from 1 to 16'],
    [() => 1, { budgetMs: 10 }, 'budgetMs is a number of at least 1000'],
  ])('%s with %j is refused in one sentence', async (call, options, sentence) => {
    await expect(expectNoLeak(call as () => unknown, options)).rejects.toThrow(sentence);
  });
});

// `npm test` has time for one test runner.
test.runIf(process.env['METTLE_SMOKE'] === 'all')(
  'the same under node:test, which needs no flag',
  async () => {
    const child = spawn(
      TEST_NODE,
      ['--test', '--test-reporter=spec', ownFixture('in-tests/shop.node-test.mjs')],
      { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [code] = await once(child, 'close');
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('pass 2') });
  },
  SLOW_MS,
);
