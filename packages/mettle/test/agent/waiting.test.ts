import { rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SubjectWaits, WaitingRecord } from '../../src/evidence/index.ts';
import { fixture, launch } from './target.ts';
import type { Target } from './target.ts';

/** What the peers take to answer. */
const PEER_MS = 40;
const IN_FLIGHT = 8;

/** Peers outside the server's process: one that speaks HTTP, one that answers lines in order, the same on a local path. */
class Peers {
  readonly #http = http.createServer((_request, response) => setTimeout(() => response.end('ok'), PEER_MS));
  readonly #lines = net.createServer(answerLines);
  readonly #local = net.createServer(answerLines);
  readonly path: string = join(tmpdir(), `mettle-peer-${process.pid}.sock`);

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => this.#lines.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => this.#local.listen(this.path, resolve));
  }
  get httpPort(): number {
    return (this.#http.address() as AddressInfo).port;
  }
  get linesPort(): number {
    return (this.#lines.address() as AddressInfo).port;
  }
  get env(): Record<string, string> {
    return { PEER_HTTP: `${this.httpPort}`, PEER_LINES: `${this.linesPort}`, PEER_PATH: this.path };
  }
  close(): void {
    this.#http.close().closeAllConnections();
    this.#lines.close();
    this.#local.close();
    rmSync(this.path, { force: true });
  }
}

function answerLines(socket: net.Socket): void {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    for (const line of data.toString().split('\n').filter(Boolean))
      setTimeout(() => socket.write(`${line}\n`), PEER_MS);
  });
}

async function observe(target: Target, calls: () => Promise<unknown>): Promise<WaitingRecord> {
  await target.agent.start('waiting', {});
  await calls();
  return await target.agent.stop('waiting');
}

function of(record: WaitingRecord, name: string): SubjectWaits {
  const found = record.subjects.find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`${name} was not followed`);
  return found;
}

/** Share of the calls' waiting that was for `kind`. */
function share({ waits }: SubjectWaits, kind: string): number {
  const sum = (some: SubjectWaits['waits']): number => some.reduce((total, { ms }) => total + ms, 0);
  return sum(waits.filter((wait) => wait.kind === kind)) / sum(waits);
}

async function alone(target: Target, tool: string, calls = 4): Promise<SubjectWaits> {
  await target.call(tool);
  const record = await observe(target, async () => {
    for (let i = 0; i < calls; i++) await target.call(tool);
  });
  return of(record, tool);
}

async function together(target: Target, tool: string): Promise<SubjectWaits> {
  return of(await observe(target, () => target.callTogether(tool, IN_FLIGHT)), tool);
}

let peers: Peers;
beforeAll(async () => {
  peers = new Peers();
  await peers.listen();
});
afterAll(() => peers.close());

/** `npm run smoke` looks at both SDKs on both transports; `npm test` has time for one of each. */
const SERVERS = [
  ['stdio-v1.mjs', []],
  ['http-v2.mjs', []],
  ...(process.env['METTLE_SMOKE'] === 'all'
    ? ([
        ['stdio-v2.mjs', []],
        ['http-v1.mjs', ['stateless']],
      ] as const)
    : []),
] as const;

describe.each(SERVERS)('what calls wait for: %s', (file, args) => {
  let target: Target;
  beforeAll(async () => {
    target = await launch([fixture(file), ...args], { env: peers.env });
  });
  afterAll(async () => {
    await target.call('removeFiles');
    await target.stop();
  });

  it.for<readonly [string, string, () => string | null]>([
    ['waitHttp', 'socket', () => `127.0.0.1:${peers.httpPort}`],
    ['waitFetch', 'socket', () => `127.0.0.1:${peers.httpPort}`],
    ['waitPooled', 'socket', () => `127.0.0.1:${peers.linesPort}`],
    ['waitShared', 'socket', () => `127.0.0.1:${peers.linesPort}`],
    ['waitLocalPath', 'socket', () => peers.path],
    ['waitTimer', 'timer', () => null],
    ['waitHash', 'thread-pool', () => 'pbkdf2'],
    ['waitGzip', 'thread-pool', () => 'zlib'],
    ['waitChild', 'child-process', () => 'node'],
    ['waitLongLivedChild', 'child-process', () => 'node'],
    ['waitWorker', 'worker', () => null],
  ])('%s waits for %s', async ([tool, kind, what]) => {
    const waits = await alone(target, tool);
    // What a busy machine's hypervisor took is explained by nothing.
    const told = waits.waits.filter((wait) => wait.kind !== 'other');
    expect(told[0]).toMatchObject({ kind, what: what() });
    expect(share({ ...waits, waits: told }, kind), JSON.stringify(waits)).toBeGreaterThan(0.6);
  });

  it('names the file and the host name', async () => {
    const files = await alone(target, 'waitFiles');
    expect(files.waits.find(({ kind }) => kind === 'file')?.what).toMatch(/mettle-waits-\d+\.bin$/);
    expect(share(files, 'file'), JSON.stringify(files)).toBeGreaterThan(0.5);
    const names = await alone(target, 'waitDns');
    expect(names.waits.find(({ kind }) => kind === 'dns')?.what, JSON.stringify(names)).toBe('localhost');
  });

  it('sees one thing after another along callbacks, and of two at once only the one that held the call up', async () => {
    const one = await alone(target, 'waitCallbacks');
    expect(share(one, 'timer'), JSON.stringify(one)).toBeGreaterThan(0.25);
    expect(share(one, 'socket'), JSON.stringify(one)).toBeGreaterThan(0.25);
    const both = await alone(target, 'waitBoth');
    // A peer that the host starves may take as long.
    expect(both.waits[0]?.kind, JSON.stringify(both)).toBe('timer');
  });

  it('sees jobs queue for the threads of the pool', async () => {
    const many = await alone(target, 'waitHashes');
    // Sixteen on four threads: three quarters, if the host gives every job its time.
    expect(share(many, 'thread-pool-queue'), JSON.stringify(many)).toBeGreaterThan(0.25);
    const one = await alone(target, 'waitHash');
    expect(share(one, 'thread-pool-queue')).toBe(0);
  });

  it('sees a lock behind which calls stand', async () => {
    const locked = await together(target, 'locked');
    expect(share(locked, 'lock'), JSON.stringify(locked)).toBeGreaterThan(0.1);
  });
});

// Posts arrive one after the other on a busy machine; what is written in one piece arrives together.
describe.each(['stdio-v1.mjs', 'stdio-v2.mjs'])('calls that come together: %s', (file) => {
  let target: Target;
  beforeAll(async () => {
    target = await launch([fixture(file)], { env: peers.env });
  });
  afterAll(() => target.stop());

  it('wait for the client, and for the event loop behind others', async () => {
    const asked = await alone(target, 'waitClient');
    expect(asked.waits[0]?.kind, JSON.stringify(asked)).toBe('client');
    const held = await together(target, 'burn');
    expect(held.waits[0]?.kind, JSON.stringify(held)).toBe('event-loop');
  });

  it('wait for a thread of the pool where there are more of them than threads', async () => {
    const several = await together(target, 'waitHash');
    expect(share(several, 'thread-pool-queue'), JSON.stringify(several)).toBeGreaterThan(0.2);
  });

  it('wait for a lock or a place in a pool, which is not what its holder waits for', async () => {
    const locked = await together(target, 'locked');
    expect(share(locked, 'lock'), JSON.stringify(locked)).toBeGreaterThan(0.4);
    const queued = await together(target, 'queued');
    expect(share(queued, 'lock'), JSON.stringify(queued)).toBeGreaterThan(0.4);
    const pooled = await together(target, 'waitPooled');
    expect(share(pooled, 'lock'), JSON.stringify(pooled)).toBeGreaterThan(0.2);
    expect(share(pooled, 'socket'), JSON.stringify(pooled)).toBeGreaterThan(0.2);
  });

  it('wait for no lock where they share a connection, or nothing', async () => {
    for (const tool of ['waitShared', 'parallel']) {
      const waits = await together(target, tool);
      expect(share(waits, 'lock'), JSON.stringify(waits)).toBe(0);
    }
  });
});
