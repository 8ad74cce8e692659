import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BlockFigures, LoadShape, TargetSpec } from '../../../src/evidence/index.ts';
import { createMix, measureBlock, openDriver } from '../../../src/load/index.ts';
import type { BlockOptions, CallSource, Driver } from '../../../src/load/index.ts';
import { openSession } from '../../../src/session/index.ts';
import { fixture, freePort, httpFixture } from '../../session/targets.ts';

const SERVER = fileURLToPath(new URL('fixtures/outcomes-server.mjs', import.meta.url));
const cwd = fileURLToPath(new URL('.', import.meta.url));

function source(how: string, weight = 1): CallSource {
  const request = { method: 'tools/call', params: { name: 'end', arguments: { how } } };
  return { subject: { name: how, kind: 'tool' }, weight, call: () => request };
}

async function stdioTarget(): Promise<TargetSpec> {
  return { kind: 'stdio', command: [process.execPath, SERVER], env: {}, cwd };
}

async function httpTarget(): Promise<TargetSpec> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  return { kind: 'http', url, headers: {}, command: [process.execPath, SERVER, String(port)], env: {}, cwd };
}

async function driverOf(spec: TargetSpec, options: { readonly era?: '2025' | '2026' } = {}): Promise<Driver> {
  const { session } = await openSession(spec, options);
  const driver = openDriver([session], { clocks: [], inside: null });
  onTestFinished(async () => {
    driver.close();
    await session.close();
  });
  return driver;
}

const closed = (inFlight: number): LoadShape => ({
  kind: 'closed',
  connections: 1,
  inFlight,
  thinkTimeMs: 0,
});

function drive(
  driver: Driver,
  sources: readonly CallSource[],
  options: Partial<BlockOptions> = {},
): Promise<BlockFigures> {
  return measureBlock(driver, createMix(sources, { seed: 1 }), {
    shape: closed(4),
    callTimeoutMs: 20_000,
    seed: 1,
    signal: new AbortController().signal,
    calls: 60,
    ...options,
  });
}

describe.each([
  ['stdio', stdioTarget],
  ['HTTP', httpTarget],
] as const)('a block over %s', { timeout: 60_000 }, (transport, target) => {
  it('accounts for every call by what became of it', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const hows = ['fine', 'isError', 'quotes', 'error', 'malformed'];
    const block = await drive(
      driver,
      hows.map((how) => source(how)),
      { calls: 400 },
    );
    expect(block.total.outcomes.calls).toBe(400);
    const of = (how: string) =>
      block.subjects.find(({ subject }) => subject.name === how)?.outcomes ?? {
        calls: 0,
        ok: 0,
        failures: {},
      };
    for (const how of ['fine', 'quotes']) expect(of(how).ok).toBe(of(how).calls);
    expect(of('isError').failures).toEqual({ 'tool-error': of('isError').calls });
    expect(of('error').failures).toEqual({ 'protocol-error': of('error').calls });
    expect(of('malformed').failures).toEqual({ 'invalid-answer': of('malformed').calls });
    const calls = hows.map((how) => of(how).calls);
    expect(calls.reduce((sum, count) => sum + count)).toBe(400);
    expect(calls.every((count) => count === 80)).toBe(true);
    expect(block.total.latencyMs?.count).toBe(of('fine').calls + of('quotes').calls);
    expect(block.total.outcomes.firstMessages['tool-error']).toBe('disk full');
  });

  it('keeps as many calls under way as it was told, which Little’s law confirms', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const block = await drive(driver, [source('fine')], { shape: closed(6), calls: 600 });
    expect(block.littlesLaw.meanInFlight).toBe(6);
    expect(block.littlesLaw.throughputTimesLatency).toBeLessThanOrEqual(6.05);
    expect(block.total.bytesReceived).toBeGreaterThan(600 * 80);
    expect(block.unfinished).toBe(0);
  });

  it('gives up a call that is not answered in time', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const block = await drive(driver, [source('silent')], { calls: 4, callTimeoutMs: 200 });
    expect(block.total.outcomes).toMatchObject({ calls: 4, ok: 0, failures: { timeout: 4 } });
    expect(block.total.latencyMs).toBeNull();
    expect((await drive(driver, [source('fine')], { calls: 4 })).total.outcomes.ok).toBe(4);
  });

  it('ends when the server dies, and says so', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const block = await drive(driver, [source('die')], { calls: 100_000 });
    expect(block.endedEarly).toMatch(/were lost: the server is gone/);
    expect(Object.keys(block.total.outcomes.failures)).toEqual(['connection']);
    expect(block.total.outcomes.calls).toBeLessThan(1000);
  });

  it('offers calls when the clock says so, and counts those', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const stages = [{ durationMs: 500, fromPerSecond: 100, toPerSecond: 100 }];
    const shape: LoadShape = { kind: 'open', connections: 1, arrivals: 'constant', stages };
    const { calls: _, ...options } = { calls: 0, shape };
    const block = await measureBlock(driver, createMix([source('fine')], { seed: 1 }), {
      ...options,
      callTimeoutMs: 20_000,
      seed: 1,
      signal: new AbortController().signal,
    });
    expect(block.total.outcomes).toMatchObject({ calls: 50, ok: 50 });
    expect(block.offeredPerSecond).toBeCloseTo(100, 5);
    expect(block.total.latencyMs?.min).toBeGreaterThan(0);
    expect(transport).not.toBe('');
  });

  it('stops at once when interrupted, and keeps what was measured', async () => {
    const driver = await driverOf(await target(), { era: '2025' });
    const interruption = new AbortController();
    const block = await drive(driver, [source('fine'), source('silent', 1)], {
      calls: 100_000,
      shape: closed(8),
      signal: interruption.signal,
      onProgress: () => interruption.abort(),
    });
    expect(block.endedEarly).toBe('interrupted');
    expect(block.unfinished).toBeGreaterThan(0);
  });
});

describe('over HTTP alone', { timeout: 60_000 }, () => {
  it('a status without an answer and a cut connection are failures of their own kinds', async () => {
    const driver = await driverOf(await httpTarget(), { era: '2025' });
    const block = await drive(driver, [source('status'), source('fine')], { calls: 40 });
    expect(block.subjects[0]?.outcomes.failures).toEqual({ 'http-error': block.subjects[0]?.outcomes.calls });
    expect(block.subjects[0]?.outcomes.firstMessages['http-error']).toBe('HTTP 503: try later');
    const cut = await drive(driver, [source('cut'), source('fine', 3)], { calls: 40 });
    expect(cut.subjects[0]?.outcomes.failures).toEqual({ connection: cut.subjects[0]?.outcomes.calls });
    expect(cut.subjects[1]?.outcomes.ok).toBe(cut.subjects[1]?.outcomes.calls);
  });

  it('answers in an event stream count like any others', async () => {
    const driver = await driverOf(await httpTarget(), { era: '2025' });
    const block = await drive(driver, [source('sse')], { calls: 50 });
    expect(block.total.outcomes).toMatchObject({ calls: 50, ok: 50 });
  });

  it('an event stream that ends before the answer is taken up again; where it cannot be, the call is lost', async () => {
    const driver = await driverOf(await httpTarget(), { era: '2025' });
    const block = await drive(driver, [source('later'), source('never')], { calls: 40 });
    const [later, never] = block.subjects.map(({ outcomes }) => outcomes);
    expect(later).toMatchObject({ ok: later?.calls, failures: {} });
    expect(never).toMatchObject({
      failures: { connection: never?.calls },
      firstMessages: { connection: 'HTTP 405 when its event stream was to be taken up again' },
    });
  });
});

describe('real SDK servers', { timeout: 90_000 }, () => {
  const add: CallSource = {
    subject: { name: 'add', kind: 'tool' },
    weight: 1,
    call: (i) => ({ method: 'tools/call', params: { name: 'add', arguments: { a: i, b: 1 } } }),
  };

  it.each([
    ['v1, sessions, event streams', () => httpFixture('v1-server.mjs', '/mcp'), '2025'],
    ['v1, sessions, JSON', () => httpFixture('v1-server.mjs', '/mcp', 'json'), '2025'],
    ['v1, stateless', () => httpFixture('v1-server.mjs', '/mcp', 'stateless'), '2025'],
    ['v1, the old SSE transport', () => httpFixture('v1-server.mjs', '/sse'), '2025'],
    ['v2, 2026', () => httpFixture('v2-server.mjs', '/mcp'), '2026'],
  ] as const)('answer every call over HTTP: %s', async (_, target, era) => {
    const driver = await driverOf(await target(), { era });
    const block = await drive(driver, [add], { calls: 60 });
    expect(block.total.outcomes).toMatchObject({ calls: 60, ok: 60 });
  });

  it.each([['2025'], ['2026']] as const)('answer every call on stdio, era %s', async (era) => {
    const file = era === '2025' ? 'v1-server.mjs' : 'v2-server.mjs';
    const command: [string, ...string[]] = [process.execPath, fixture(file), 'stdio'];
    const driver = await driverOf({ kind: 'stdio', command, env: {}, cwd }, { era });
    const block = await drive(driver, [add], { calls: 60 });
    expect(block.total.outcomes).toMatchObject({ calls: 60, ok: 60 });
  });
});
