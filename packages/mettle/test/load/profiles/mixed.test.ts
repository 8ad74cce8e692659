import { describe, expect, it } from 'vitest';
import { mixShares, runMixed } from '../../../src/load/profiles/mixed.ts';
import { parallel, VirtualServer, type Serve } from '../virtual-server.ts';

describe('the shares of a mix', () => {
  const shares = (
    tools: Readonly<Record<string, number>>,
    weights: readonly number[] = [],
  ): readonly number[] => {
    const server = new VirtualServer(parallel({}));
    return mixShares(
      Object.keys(tools).map((tool, i) => server.source(tool, weights[i] ?? 1)),
      new Map(Object.entries(tools)),
    );
  };
  it('give every subject about the same time', () => {
    const [slow, quick] = shares({ slow: 10, quick: 1 }) as [number, number];
    expect(quick / slow).toBeGreaterThan(7);
    expect(quick / slow).toBeLessThan(10);
  });
  it('leave even the slowest one call in fifty', () => {
    expect(shares({ slow: 10_000, quick: 0.1 })[0]).toBeGreaterThanOrEqual(0.02);
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`t${i}`, i === 0 ? 10_000 : 1]));
    expect(shares(many)[0]).toBeCloseTo(1 / 80, 9);
  });
  it("are the user's, where there are weights", () => {
    expect(shares({ a: 100, b: 1 }, [3, 1])).toEqual([0.75, 0.25]);
  });
  it('add up to one', () => {
    expect(shares({ a: 5, b: 1, c: 70 }).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});

function mixed(
  server: VirtualServer,
  tools: Readonly<Record<string, number>>,
  budgetMs: number,
  seed = 1,
): ReturnType<typeof runMixed> {
  return runMixed(
    server.context(),
    Object.keys(tools).map((tool) => server.source(tool)),
    { untilMs: server.nowMs + budgetMs, seed, soloMs: new Map(Object.entries(tools)), now: server.now },
  );
}

describe('the mixed phase', () => {
  it('keeps eight calls in flight, no more', async () => {
    const server = new VirtualServer(parallel({ a: 10, b: 1 }));
    const { evidence } = await mixed(server, { a: 10, b: 1 }, 2000);
    expect(server.mostInFlight).toBe(8);
    expect(evidence.inFlight).toBe(8);
    expect(evidence.durationMs).toBeGreaterThanOrEqual(2000);
    expect(evidence.durationMs).toBeLessThan(2011);
  });
  it('measures each subject, opens connections with untimed calls, and keeps to the shares', async () => {
    const server = new VirtualServer(parallel({ a: 10, b: 1 }));
    const { evidence } = await mixed(server, { a: 10, b: 1 }, 5000);
    const [a, b] = evidence.subjects;
    expect(a?.latencyMs?.p50).toBeCloseTo(10, 1);
    expect(b?.latencyMs?.p99).toBeCloseTo(1, 2);
    expect(server.received.slice(0, 8).every((call) => call.tool === 'b')).toBe(true);
    const total = server.received.length - 8;
    expect((a?.outcomes.calls ?? 0) / total).toBeCloseTo(evidence.weights['a'] as number, 1);
    expect(a?.mainCpuMsPerCall).toBeNull();
  });
  it('shows a slow subject that spoils the others', async () => {
    // One thread: a call of "hog" holds everyone for 50 ms.
    let freeAtMs = 0;
    const serve: Serve = (tool, nowMs) => {
      freeAtMs = Math.max(freeAtMs, nowMs) + (tool === 'hog' ? 50 : 0.2);
      return { doneAtMs: freeAtMs };
    };
    const { evidence } = await mixed(new VirtualServer(serve), { hog: 50, quick: 0.2 }, 10_000);
    const quick = evidence.subjects.find(({ subject }) => subject.name === 'quick');
    expect(quick?.latencyMs?.p50).toBeLessThan(55);
    expect(quick?.latencyMs?.p99).toBeGreaterThan(45);
  });
  it('has the calls as the driver saw them', async () => {
    const server = new VirtualServer(parallel({ a: 10 }));
    const { calls } = await mixed(server, { a: 10 }, 200);
    expect(calls).toHaveLength(server.received.length);
    expect(calls[0]).toEqual({ subject: 'a', sentAtMs: 1000, receivedAtMs: 1010, ok: true });
  });
  it('keeps 20,000 of them at most', async () => {
    const server = new VirtualServer(parallel({ a: 1 }));
    const { calls, evidence } = await mixed(server, { a: 1 }, 2600);
    expect(calls).toHaveLength(20_000);
    expect(evidence.subjects[0]?.outcomes.calls).toBeGreaterThan(20_000);
  });
  it('mixes in the same order for the same seed', async () => {
    const order = async (seed: number): Promise<string> => {
      const server = new VirtualServer(parallel({ a: 1, b: 1 }));
      await mixed(server, { a: 1, b: 1 }, 30, seed);
      return server.received.map((call) => call.tool).join('');
    };
    expect(await order(1)).toBe(await order(1));
    expect(await order(1)).not.toBe(await order(2));
  });
  it('keeps what it has when it is aborted', async () => {
    const server = new VirtualServer(parallel({ a: 10 }));
    server.at(server.nowMs + 105, () => server.abort.abort());
    const { evidence } = await mixed(server, { a: 10 }, 60_000);
    expect(evidence.subjects[0]?.outcomes).toMatchObject({ calls: 80, errors: 0 });
  });
  it('stops when every answer is lost, even if no process is seen to exit', async () => {
    const server = new VirtualServer((_tool, nowMs) => ({
      doneAtMs: nowMs,
      reply: { outcome: 'lost', message: 'connection refused' } as never,
    }));
    const { evidence } = await mixed(server, { a: 10 }, 60_000);
    expect(server.received.length).toBeLessThan(50);
    expect(evidence.subjects[0]).toMatchObject({
      latencyMs: null,
      outcomes: { firstError: 'connection refused' },
    });
  });
  it('of nothing is empty', async () => {
    expect(await mixed(new VirtualServer(parallel({})), {}, 1000)).toMatchObject({
      evidence: { subjects: [] },
      calls: [],
    });
  });
});
