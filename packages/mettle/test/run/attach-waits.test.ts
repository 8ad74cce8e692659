import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { attachAndWatch, detectors, resultOf } from '../../src/run/index.ts';
import { ownFixture, startBare } from './bare-server.ts';
import type { BareServer } from './bare-server.ts';

/** Attaching takes a second or two, on a busy machine ten. */
const SLOW_MS = 60_000;
const PEER_MS = 30;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

/** A server whose tool `ask` waits for a peer that takes its time. */
async function askingServer(): Promise<BareServer & { readonly peerPort: number }> {
  const peer = createServer((socket) =>
    socket.on('data', () => setTimeout(() => socket.write('!'), PEER_MS)),
  );
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const { port } = peer.address() as AddressInfo;
  process.env['PEER_PORT'] = String(port);
  const server = await startBare([ownFixture('asks-a-peer.mjs')]);
  delete process.env['PEER_PORT'];
  cleanUp.push(async () => {
    await server.kill();
    peer.close();
  });
  return { ...server, peerPort: port };
}

async function attach(
  pid: number,
  durationMs: number,
  { alwaysOn = false, whileTracing }: { alwaysOn?: boolean; whileTracing?: () => unknown } = {},
): Promise<Result> {
  let told = false;
  const { bundle } = await attachAndWatch({
    pid,
    durationMs,
    alwaysOn,
    command: `mettle attach ${pid}`,
    mettle: '0.0.0',
    signal: new AbortController().signal,
    onProgress({ title }) {
      if (told || !title.startsWith('tracing')) return;
      told = true;
      whileTracing?.();
    },
  });
  return resultOf(bundle, detectors);
}

const textOf = async (server: BareServer, tool: string): Promise<string> => {
  const { result } = (await server.call(tool)) as {
    readonly result: { readonly content: readonly [{ readonly text: string }] };
  };
  return result.content[0].text;
};

test(
  'attached to a server in use, Mettle tells for whom its calls wait',
  async () => {
    const server = await askingServer();
    const traffic = server.keepCalling(['ask']);
    const result = await attach(server.pid, 5_000);
    expect(await traffic.end()).toMatchObject({ failed: 0 });
    const time = result.tools.find(({ name }) => name === 'ask')?.time;
    expect(time).toMatchObject({ kind: 'waiting' });
    expect(time?.waitsFor[0]).toMatchObject({ kind: 'socket', what: `127.0.0.1:${server.peerPort}` });
    expect(time?.waitingMs).toBeGreaterThan(0.8 * PEER_MS);
  },
  SLOW_MS,
);

test(
  'and leaves nothing of the tracing in it',
  async () => {
    const server = await askingServer();
    const before = await textOf(server, 'state');
    const traffic = server.keepCalling(['ask']);
    const packed: Promise<string>[] = [];
    await attach(server.pid, 5_000, { whileTracing: () => packed.push(textOf(server, 'pack')) });
    await traffic.end();
    expect(await packed[0]).toBe('watched');
    // What stands before a stream's own write goes when that is used next.
    await textOf(server, 'pack');
    expect(await textOf(server, 'state')).toBe(before);
    expect(server.noise).toEqual([]);
  },
  SLOW_MS,
);

test(
  'nothing is traced in the form that may stay on for hours',
  async () => {
    const server = await askingServer();
    const traffic = server.keepCalling(['ask']);
    const result = await attach(server.pid, 3_000, { alwaysOn: true });
    await traffic.end();
    expect(result.tools.find(({ name }) => name === 'ask')).toMatchObject({ calls: expect.any(Number) });
    expect(result.tools.find(({ name }) => name === 'ask')?.time).toBeNull();
  },
  SLOW_MS,
);
