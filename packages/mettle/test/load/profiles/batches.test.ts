import { describe, expect, it } from 'vitest';
import { runBatches } from '../../../src/load/profiles/batches.ts';
import { parallel, pooled, TOOL_ERROR, VirtualServer } from '../virtual-server.ts';

function batches(
  server: VirtualServer,
  soloMs: Readonly<Record<string, number>>,
  budgetMs: number,
  seed = 0,
): ReturnType<typeof runBatches> {
  const sources = Object.keys(soloMs).map((tool) => server.source(tool));
  return runBatches(server.context(), sources, {
    untilMs: server.nowMs + budgetMs,
    seed,
    soloMs: new Map(Object.entries(soloMs)),
    now: server.now,
  });
}

describe('batches', () => {
  it('of a parallel tool take as long as one call, with all completions kept', async () => {
    const server = new VirtualServer(parallel({ a: 100 }));
    const { evidence, skipped } = await batches(server, { a: 100 }, 60_000);
    expect(skipped).toEqual([]);
    const rounds = evidence.subjects[0]?.rounds ?? [];
    expect(rounds).toHaveLength(12);
    for (const { solo, batches: sent } of rounds) {
      expect(solo).toMatchObject({ inFlight: 1, makespanMs: 100, completionsMs: [100], errors: 0 });
      expect(sent.map((batch) => [batch.inFlight, batch.makespanMs])).toEqual([
        [4, 100],
        [8, 100],
      ]);
      expect(sent[0]).toMatchObject({ mainCpuMs: 2, processCpuMs: 4, hostDelayMs: 0 });
    }
  });
  it('tell a lock from a pool of four', async () => {
    const makespans = async (lanes: number): Promise<unknown> => {
      const { evidence } = await batches(new VirtualServer(pooled(lanes, 10)), { a: 10 }, 60_000);
      return evidence.subjects[0]?.rounds[0]?.batches.map((batch) => batch.makespanMs);
    };
    expect(await makespans(1)).toEqual([40, 80]);
    expect(await makespans(4)).toEqual([10, 20]);
  });
  it('complete in ascending order', async () => {
    const { evidence } = await batches(new VirtualServer(pooled(2, 10)), { a: 10 }, 60_000);
    expect(evidence.subjects[0]?.rounds[0]?.batches[1]?.completionsMs).toEqual([
      10, 10, 20, 20, 30, 30, 40, 40,
    ]);
  });
  it('alternate with the lone call coming first and last', async () => {
    const server = new VirtualServer(parallel({ a: 100 }));
    await batches(server, { a: 100 }, 60_000);
    const perMoment = new Map<number, number>();
    for (const { atMs } of server.received) perMoment.set(atMs, (perMoment.get(atMs) ?? 0) + 1);
    // The batch that opens connections, then the rounds.
    expect([...perMoment.values()].slice(0, 10)).toEqual([8, 1, 4, 8, 4, 8, 1, 1, 4, 8]);
  });
  it('call with different arguments', async () => {
    const server = new VirtualServer(parallel({ a: 100 }));
    await batches(server, { a: 100 }, 60_000);
    expect(new Set(server.received.map((call) => JSON.stringify(call.params))).size).toBe(
      server.received.length,
    );
  });
  it('of a slow tool are only of the small size', async () => {
    const { evidence } = await batches(new VirtualServer(parallel({ a: 400 })), { a: 400 }, 7000);
    expect(evidence.subjects[0]?.rounds.length).toBeGreaterThanOrEqual(3);
    expect(evidence.subjects[0]?.rounds[0]?.batches.map((batch) => batch.inFlight)).toEqual([4]);
  });
  it('of a tool too slow for its share are left out, with the reason', async () => {
    const server = new VirtualServer(parallel({ slow: 5000, quick: 1 }));
    const { evidence, skipped } = await batches(server, { slow: 5000, quick: 1 }, 20_000);
    expect(evidence.subjects.map(({ subject }) => subject.name)).toEqual(['quick']);
    expect(skipped).toEqual([
      {
        subject: 'slow',
        says: expect.stringMatching(
          /^not called several times at once: a call takes 5000 ms and the time for it was 19\d\d\d ms \(raise --budget\)\.$/,
        ),
      },
    ]);
    expect(server.received.every((call) => call.tool === 'quick')).toBe(true);
  });
  it('of a tool that a slow host holds up get the rounds it takes to judge, within what is allowed on top', async () => {
    const rounds = async (onTopMs: number): Promise<number | undefined> => {
      const server = new VirtualServer(pooled(1, 100));
      const { evidence } = await runBatches(server.context(), [server.source('a')], {
        untilMs: server.nowMs + 2000,
        leastRoundsUntilMs: server.nowMs + 2000 + onTopMs,
        seed: 0,
        // As timed before the host slowed down.
        soloMs: new Map([['a', 50]]),
        now: server.now,
      });
      return evidence.subjects[0]?.rounds.length;
    };
    expect(await rounds(0)).toBeUndefined();
    expect(await rounds(3000)).toBe(3);
  });
  it('share the time among the tools that can be measured in it', async () => {
    const server = new VirtualServer(parallel({ a: 100, b: 5000, c: 6000 }));
    const { evidence, skipped } = await batches(server, { a: 100, b: 5000, c: 6000 }, 5000);
    expect(evidence.subjects.map(({ subject }) => subject.name)).toEqual(['a']);
    // Both sizes: a third of the time would have allowed four calls at once only.
    expect(evidence.subjects[0]?.rounds[0]?.batches.map((batch) => batch.inFlight)).toEqual([4, 8]);
    expect(skipped).toHaveLength(2);
  });
  it('of a tool that never answered alone are left out, with the reason', async () => {
    const server = new VirtualServer(parallel({ a: 1 }));
    const result = await runBatches(server.context(), [server.source('a')], {
      untilMs: server.nowMs + 1000,
      seed: 1,
      soloMs: new Map(),
      now: server.now,
    });
    expect(result).toEqual({
      evidence: { subjects: [] },
      skipped: [
        {
          subject: 'a',
          says: 'not called several times at once, since no call of it alone succeeded.',
        },
      ],
    });
    expect(server.received).toHaveLength(0);
  });
  it('count what fails under concurrency', async () => {
    const server: VirtualServer = new VirtualServer((_tool, nowMs) => ({
      doneAtMs: nowMs + 10,
      ...(server.inFlight > 4 ? { reply: TOOL_ERROR } : {}),
    }));
    const { evidence } = await batches(server, { a: 10 }, 60_000);
    expect(
      evidence.subjects[0]?.rounds[0]?.batches.map((batch) => [batch.errors, batch.completionsMs.length]),
    ).toEqual([
      [0, 4],
      [4, 4],
    ]);
  });
  it('of a tool that fails from then on are given up, with the reason', async () => {
    const server = new VirtualServer((_tool, nowMs) => ({ doneAtMs: nowMs + 10, reply: TOOL_ERROR }));
    const { evidence, skipped } = await batches(server, { a: 10 }, 60_000);
    expect(evidence.subjects).toEqual([]);
    expect(skipped).toEqual([
      {
        subject: 'a',
        says: 'not measured with several calls at once: they all failed, though calls alone had succeeded.',
      },
    ]);
    expect(server.received.length).toBeLessThan(25);
  });
  it('keep whole rounds only when aborted', async () => {
    const server = new VirtualServer(parallel({ a: 100 }));
    server.at(server.nowMs + 1450, () => server.abort.abort());
    const { evidence, skipped } = await batches(server, { a: 100 }, 60_000);
    expect(evidence.subjects[0]?.rounds).toHaveLength(4);
    expect(skipped).toEqual([]);
  });
  it('end when the server has died', async () => {
    const server = new VirtualServer(parallel({ a: 10, b: 20 }));
    server.at(
      server.nowMs + 100,
      () => (server.exit = { code: null, signal: 'SIGSEGV', atMs: server.nowMs }),
    );
    await batches(server, { a: 10, b: 20 }, 60_000);
    expect(server.received.every((call) => call.tool === 'a')).toBe(true);
  });
});
