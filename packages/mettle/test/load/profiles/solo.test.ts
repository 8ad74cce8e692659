import { describe, expect, it } from 'vitest';
import { runSolo } from '../../../src/load/profiles/solo.ts';
import { LatencyHistogram } from '../../../src/stats/index.ts';
import { parallel, TOOL_ERROR, VirtualServer, type Serve } from '../virtual-server.ts';

function solo(
  server: VirtualServer,
  tools: readonly string[],
  budgetMs: number,
  maxCallsPerSubject?: number,
): ReturnType<typeof runSolo> {
  return runSolo(
    server.context(),
    tools.map((tool) => server.source(tool)),
    {
      untilMs: server.nowMs + budgetMs,
      seed: 1,
      now: server.now,
      ...(maxCallsPerSubject === undefined ? {} : { maxCallsPerSubject }),
    },
  );
}

describe('subjects called alone', () => {
  it('have one call in flight, ever', async () => {
    const server = new VirtualServer(parallel({ a: 1, b: 2 }));
    await solo(server, ['a', 'b'], 3000);
    expect(server.mostInFlight).toBe(1);
  });

  it('are measured exactly, with what the target used per call', async () => {
    const server = new VirtualServer(parallel({ a: 2 }));
    const { subjects } = await solo(server, ['a'], 60_000);
    expect(subjects[0]).toMatchObject({
      subject: { name: 'a', kind: 'tool' },
      latencyMs: { p50: expect.closeTo(2, 2), p99: expect.closeTo(2, 2), max: expect.closeTo(2, 2) },
      mainCpuMsPerCall: expect.closeTo(0.5, 9),
      processCpuMsPerCall: expect.closeTo(1, 9),
    });
    expect(LatencyHistogram.decode(subjects[0]?.histogram ?? '').count).toBe(500);
  });

  it('are warmed up first: the slow first calls are counted, not timed', async () => {
    let calls = 0;
    const server = new VirtualServer((_tool, nowMs) => ({ doneAtMs: nowMs + (++calls <= 40 ? 9 : 1) }));
    const { subjects } = await solo(server, ['a'], 60_000);
    expect(subjects[0]?.latencyMs?.max).toBeCloseTo(1, 2);
    expect(subjects[0]?.outcomes).toMatchObject({ calls, errors: 0 });
    expect(calls).toBeGreaterThanOrEqual(550);
  });

  it('that ask somebody else’s service are called a few times only, and timed all the same', async () => {
    const server = new VirtualServer(parallel({ a: 1, fetch: 1 }));
    const { subjects } = await runSolo(
      server.context(),
      [server.source('a'), { ...server.source('fetch'), gentle: true }],
      { untilMs: server.nowMs + 60_000, seed: 1, now: server.now },
    );
    const fetch = subjects.find(({ subject }) => subject.name === 'fetch');
    expect(fetch?.outcomes.calls).toBeLessThanOrEqual(10);
    expect(fetch?.latencyMs?.p50).toBeCloseTo(1, 2);
  });

  it('get the fewest calls that can be believed even on a host so slow that the time is up, but no more', async () => {
    const server = new VirtualServer(parallel({ a: 900, b: 1 }));
    const untilMs = server.nowMs + 1000;
    const { subjects } = await runSolo(server.context(), [server.source('a'), server.source('b')], {
      untilMs,
      seed: 1,
      now: server.now,
      atLeast: { calls: 3, untilMs: untilMs + 5000 },
    });
    expect(subjects.find(({ subject }) => subject.name === 'a')?.outcomes.calls).toBe(3);
    const cut = new VirtualServer(parallel({ a: 900 }));
    const fewer = await runSolo(cut.context(), [cut.source('a')], {
      untilMs: cut.nowMs + 1000,
      seed: 1,
      now: cut.now,
      atLeast: { calls: 3, untilMs: cut.nowMs + 1500 },
    });
    expect(fewer.subjects[0]?.outcomes.calls).toBe(2);
  });

  it('take turns in blocks, so that a drift of the machine meets all', async () => {
    const server = new VirtualServer(parallel({ a: 1, b: 1, c: 1 }));
    await solo(server, ['a', 'b', 'c'], 60_000, 100);
    const changes = server.received.filter(
      (call, i) => i > 0 && call.tool !== server.received[i - 1]?.tool,
    ).length;
    expect(changes).toBeGreaterThanOrEqual(15);
  });

  it('that are slow get few calls, and do not take the time of the quick ones', async () => {
    const server = new VirtualServer(parallel({ slow: 2000, quick: 1 }));
    const { subjects } = await solo(server, ['slow', 'quick'], 10_000);
    const [slow, quick] = subjects;
    expect(quick?.latencyMs?.p50).toBeCloseTo(1, 2);
    expect(LatencyHistogram.decode(quick?.histogram ?? '').count).toBe(500);
    expect(slow?.outcomes.calls).toBe(4);
    expect(slow?.latencyMs?.p50).toBeGreaterThan(1990);
    expect(server.nowMs).toBeLessThanOrEqual(11_000);
  });

  it('are each called at least once, even when one call is longer than the share', async () => {
    const server = new VirtualServer(parallel({ slow: 3000, slower: 3500 }));
    const { subjects } = await solo(server, ['slow', 'slower'], 5000);
    for (const record of subjects) expect(record.latencyMs).not.toBeNull();
  });

  it('whose first three calls fail are given up and say why', async () => {
    const serve: Serve = (tool, nowMs) => ({
      doneAtMs: nowMs + 1,
      ...(tool === 'bad' ? { reply: TOOL_ERROR } : {}),
    });
    const server = new VirtualServer(serve);
    const { subjects } = await solo(server, ['bad', 'good'], 5000);
    expect(subjects[0]).toMatchObject({
      outcomes: { calls: 3, errors: 3, errorKinds: { 'tool error': 3 }, firstError: 'no such item' },
      latencyMs: null,
      histogram: null,
    });
    expect(subjects[1]?.outcomes.errors).toBe(0);
  });

  it('that stop answering are given up after two time-outs', async () => {
    let calls = 0;
    const server = new VirtualServer((_tool, nowMs) =>
      ++calls > 100
        ? {
            doneAtMs: nowMs + 30_000,
            reply: { outcome: 'timeout', message: 'no answer within 30 s' } as never,
          }
        : { doneAtMs: nowMs + 1 },
    );
    const { subjects } = await solo(server, ['a'], 600_000);
    expect(subjects[0]?.outcomes).toMatchObject({ calls: 102, errors: 2, errorKinds: { timeout: 2 } });
  });

  it("keep the time that each slow call stood in the host's queue", async () => {
    let calls = 0;
    const server = new VirtualServer((_tool, nowMs) =>
      ++calls === 300 ? { doneAtMs: nowMs + 50, hostDelayMs: 48 } : { doneAtMs: nowMs + 1 },
    );
    const { subjects } = await solo(server, ['a'], 60_000);
    expect(subjects[0]?.slowest).toHaveLength(50);
    expect(subjects[0]?.slowest[0]).toMatchObject({ latencyMs: 50, hostDelayMs: 48, ok: true });
    expect(subjects[0]?.slowest[1]?.hostDelayMs).toBe(0);
  });

  it('are measured without clocks too: then their CPU is unknown, not zero', async () => {
    const server = new VirtualServer(parallel({ a: 1 }), { clockReadable: false });
    const { subjects } = await solo(server, ['a'], 5000);
    expect(subjects[0]).toMatchObject({
      mainCpuMsPerCall: null,
      processCpuMsPerCall: null,
      latencyMs: { p50: expect.closeTo(1, 2) },
    });
    expect(subjects[0]?.slowest[0]?.hostDelayMs).toBeNull();
  });
});

describe('the phase of lone calls', () => {
  it('keeps what it has when it is aborted, and does not count the call that was cut', async () => {
    const server = new VirtualServer(parallel({ a: 1 }));
    server.at(server.nowMs + 200.5, () => server.abort.abort());
    const { subjects } = await solo(server, ['a'], 60_000);
    expect(subjects[0]?.outcomes).toMatchObject({ calls: 200, errors: 0 });
    expect(server.received).toHaveLength(201);
  });
  it('stops at once when the server has died', async () => {
    const server: VirtualServer = new VirtualServer((_tool, nowMs) =>
      server.exit === null
        ? { doneAtMs: nowMs + 1 }
        : { doneAtMs: nowMs, reply: { outcome: 'lost', message: 'the server exited' } as never },
    );
    server.at(server.nowMs + 100.5, () => (server.exit = { code: 1, signal: null, atMs: server.nowMs }));
    const { subjects } = await solo(server, ['a', 'b'], 60_000);
    expect(server.received.length).toBeLessThan(103);
    expect(subjects).toHaveLength(2);
  });
  it('tells its progress up to the end', async () => {
    const server = new VirtualServer(parallel({ a: 1, b: 1 }));
    await solo(server, ['a', 'b'], 60_000);
    const done = server.progress.map((each) => each.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
    expect(server.progress.at(-1)?.calls).toBe(server.received.length);
  });
  it('of nothing is empty', async () => {
    expect(await solo(new VirtualServer(parallel({})), [], 1000)).toEqual({ subjects: [] });
  });
  it('never uses a call number twice, also over two phases', async () => {
    const server = new VirtualServer(parallel({ a: 1 }));
    const source = server.source('a');
    for (let phase = 0; phase < 2; phase++)
      await runSolo(server.context(), [source], { untilMs: server.nowMs + 100, seed: 1, now: server.now });
    const numbers = server.received.map((call) => (call.params['arguments'] as { i: number }).i);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
