import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { attachAndWatch, detectors, resultOf } from '../../src/run/index.ts';
import { TEST_NODE } from '../agent/target.ts';
import { ownFixture, startBare } from './bare-server.ts';
import type { BareServer } from './bare-server.ts';

/** Attaching takes a second or two, on a busy machine ten. */
const SLOW_MS = 60_000;
/** What Node.js itself says when its inspector opens. */
const DEBUGGER_LINES =
  /^(?:Debugger (?:listening on|attached|ending)|For help, see|Waiting for the debugger).*$/;

const canSwitchOff = spawnSync(TEST_NODE, ['--disable-sigusr1', '-e', '0']).status === 0;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

async function bare(...args: Parameters<typeof startBare>): Promise<BareServer> {
  const server = await startBare(...args);
  cleanUp.push(() => server.kill());
  return server;
}

interface Watching {
  readonly durationMs?: number;
  readonly alwaysOn?: boolean;
  /** Called once, when Mettle is attached; when its promise settles, the watch is interrupted. */
  readonly attached?: () => Promise<unknown>;
}

async function attach(
  pid: number,
  { durationMs = 60_000, alwaysOn = false, attached }: Watching = {},
): Promise<Result & { readonly fault: string | null }> {
  const interruption = new AbortController();
  let told = false;
  const { bundle, targetFault } = await attachAndWatch({
    pid,
    durationMs,
    alwaysOn,
    command: `mettle attach ${pid}`,
    mettle: '0.0.0',
    signal: interruption.signal,
    onProgress() {
      if (told) return;
      told = true;
      void attached?.().then(() => interruption.abort());
    },
  });
  return { ...resultOf(bundle, detectors), fault: targetFault };
}

/** The finding that names `tool`. */
const blocking = (result: Result, tool: string | undefined): Result['findings'][number] | undefined =>
  result.findings.find((one) => one.id === 'blocked-event-loop' && one.tool === tool);

function expectUntouched(server: BareServer): void {
  expect(server.noise).toEqual([]);
  const words = server
    .stderr()
    .split('\n')
    .filter((line) => line !== '' && line !== 'matching' && !/^port \d+$/.test(line));
  expect(words.filter((line) => !DEBUGGER_LINES.test(line))).toEqual([]);
}

/** `npm run smoke` attaches to every kind of server; `npm test` has time for one on each transport, of each SDK. */
const KINDS = [
  ['stdio, SDK v1', ['stdio-v1.mjs'], 'stdio', 0],
  ['HTTP, SDK v2', ['http-v2.mjs'], 'http', 1],
  ...(process.env['METTLE_SMOKE'] === 'all'
    ? ([
        ['stdio, SDK v2', ['stdio-v2.mjs'], 'stdio', 0],
        ['stdio, read by lines without an SDK', ['stdio-lines.mjs'], 'stdio', 0],
        ['HTTP, SDK v1 with sessions', ['http-v1.mjs', 'stateful'], 'http', 1],
      ] as const)
    : []),
] as const;

describe('attaching to a server that was started without Mettle', () => {
  test.each(KINDS)(
    '%s: names the tool and the line while clients go on, and leaves nothing behind',
    async (_name, args, kind, ownPorts) => {
      const server = await bare(args);
      const traffic = server.keepCalling(['noop', 'burn', 'small']);
      // Three calls of each show a state; half as many again for one that was under way at either end.
      const result = await attach(server.pid, { attached: () => traffic.answered(15) });
      const after = await server.call('noop');
      expect(await traffic.end()).toMatchObject({ failed: 0 });
      expect(after).toHaveProperty('result');
      expect(result.target).toMatchObject({
        kind,
        command: expect.arrayContaining([expect.stringContaining(args[0] ?? '')]),
      });
      expect(blocking(result, 'burn')).toMatchObject({
        severity: 'high',
        location: { file: expect.stringMatching(/tools\.mjs$/) },
      });
      expect(blocking(result, 'noop')).toBeUndefined();
      const burn = result.tools.find((tool) => tool.name === 'burn');
      // It spins until it has used 60 ms of CPU; one call of five or more may have been under way at the end.
      expect(burn?.cpuMsPerCall).toBeGreaterThan(45);
      expect(result.notes[0]).toMatch(/^Watched for .* calls of 3 tools as clients made them/);
      expect(result.checks.latency).toMatchObject({
        status: 'skipped',
        why: expect.stringContaining('mettle check'),
      });
      expect(server.ports()?.length ?? ownPorts).toBe(ownPorts);
      expectUntouched(server);
    },
    SLOW_MS,
  );

  test(
    'again and again, each time counting only its own calls',
    async () => {
      const server = await bare(['stdio-v1.mjs']);
      await attach(server.pid, { durationMs: 300 });
      const second = await attach(server.pid, {
        attached: () => Promise.all([server.call('small'), server.call('small'), server.call('noop')]),
      });
      expect(second.tools.map((tool) => [tool.name, tool.calls])).toEqual(
        expect.arrayContaining([
          ['small', 2],
          ['noop', 1],
        ]),
      );
    },
    SLOW_MS,
  );

  test(
    'in the form that may stay on for hours, which finds the same blocks',
    async () => {
      const server = await bare(['stdio-v1.mjs']);
      const result = await attach(server.pid, {
        alwaysOn: true,
        attached: async () => {
          for (let i = 0; i < 3; i++) await server.call('burn');
        },
      });
      expect(blocking(result, 'burn')?.location?.file).toMatch(/tools\.mjs$/);
      expectUntouched(server);
    },
    SLOW_MS,
  );

  test(
    'without a client’s calls nothing is judged, and the user is told what to do',
    async () => {
      const server = await bare(['stdio-v1.mjs']);
      const { checks } = await attach(server.pid, { durationMs: 300 });
      expect(checks.cpu).toMatchObject({
        status: 'skipped',
        why: expect.stringMatching(/^no client called anything .* attach while clients use the server/),
      });
    },
    SLOW_MS,
  );

  test(
    'a server that ends meanwhile is said to have ended',
    async () => {
      const server = await bare(['stdio-v1.mjs']);
      const { fault } = await attach(server.pid, {
        attached: () => (server.process.kill('SIGKILL'), new Promise(() => {})),
      });
      expect(fault).toMatch(/^Process \d+ ended while Mettle watched it/);
    },
    SLOW_MS,
  );
});

describe('a server that is wedged in a regular expression', () => {
  test(
    'before Mettle comes: the function and the line are named, though not whose call it is',
    async () => {
      const server = await bare([ownFixture('match-user.mjs')]);
      void server.call('wedge');
      await server.stderrHas('matching');
      const result = await attach(server.pid, { durationMs: 500 });
      expect(blocking(result, undefined)).toMatchObject({
        severity: 'critical',
        title: expect.stringContaining('had not ended when Mettle left'),
        location: { function: 'matchUser', file: expect.stringMatching(/match-user\.mjs$/) },
      });
      expect(result.target.kind).toBe('stdio');
      expect(server.ports() ?? []).toEqual([]);
      expectUntouched(server);
    },
    SLOW_MS,
  );

  test(
    'while Mettle watches: the tool is named too',
    async () => {
      const server = await bare([ownFixture('match-user.mjs')]);
      const result = await attach(server.pid, { durationMs: 500, attached: () => server.call('wedge') });
      expect(blocking(result, 'wedge')).toMatchObject({
        severity: 'critical',
        location: { function: 'matchUser' },
      });
      expect(server.ports() ?? []).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'once it comes free it serves on, and its inspector is closed',
    async () => {
      const server = await bare([ownFixture('match-user.mjs')]);
      const held = server.call('match', { ms: 3000 });
      await server.stderrHas('matching');
      await attach(server.pid, { durationMs: 100 });
      await held;
      expect(await server.call('noop')).toHaveProperty('result');
      // The loop has turned with this call, but the inspector is closed over its next turns.
      await expect.poll(() => server.ports() ?? []).toEqual([]);
      expectUntouched(server);
    },
    SLOW_MS,
  );
});

describe('what cannot be attached to is refused with one sentence', () => {
  test('a number that no process has', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await once(child, 'exit');
    await expect(attach(child.pid ?? 0)).rejects.toThrow(/^There is no process \d+ here/);
  });

  test('a process of another program, which the signal would have killed', async () => {
    const child = spawn('sleep', ['60']);
    cleanUp.push(() => child.kill());
    await once(child, 'spawn');
    await expect(attach(child.pid ?? 0)).rejects.toThrow(/is no Node\.js process \(.*sleep 60\)/);
    expect(child.exitCode).toBeNull();
  });

  test.skipIf(!canSwitchOff)('a server whose inspector is switched off, and it lives on', async () => {
    const server = await bare(['stdio-v1.mjs'], ['--disable-sigusr1']);
    await expect(attach(server.pid)).rejects.toThrow('--disable-sigusr1');
    expect(await server.call('noop')).toHaveProperty('result');
  });

  test.skipIf(process.platform !== 'linux')('a server whose debug port another program holds', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    cleanUp.push(() => squatter.close());
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const server = await bare(['stdio-v1.mjs'], [`--inspect-port=${port}`]);
    await expect(attach(server.pid)).rejects.toThrow(
      `Port ${port}, at which process ${server.pid} would open its inspector, is taken`,
    );
    expect(server.stderr()).toBe('');
  });

  test.skipIf(process.getuid?.() === 0)('a process of another user', async () => {
    await expect(attach(1)).rejects.toThrow(/^Process 1 belongs to another user/);
  });
});

test(
  'an inspector that was open before is used, and left open',
  async () => {
    const server = await bare(['stdio-v1.mjs'], ['--inspect=127.0.0.1:0']);
    const before = server.ports();
    const traffic = server.keepCalling(['burn']);
    const result = await attach(server.pid, { attached: () => traffic.answered(5) });
    await traffic.end();
    expect(blocking(result, 'burn')).toBeDefined();
    expect(result.notes).toContainEqual(expect.stringContaining('was open before Mettle came'));
    expect(server.ports()).toEqual(before);
  },
  SLOW_MS,
);
