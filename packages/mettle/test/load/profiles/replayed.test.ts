import { describe, expect, it } from 'vitest';
import { runReplayed } from '../../../src/load/profiles/replayed.ts';
import type { ReplayedResult } from '../../../src/load/profiles/replayed.ts';
import { scheduleReplay } from '../../../src/load/replay/schedule.ts';
import { parseWorkload } from '../../../src/load/workload.ts';
import { parallel, VirtualServer } from '../virtual-server.ts';

type Row = readonly [tool: 'look' | 'book', session: number, atMs: number, durationMs: number];

const TOOLS = ['look', 'book'] as const;

async function replayed(
  server: VirtualServer,
  rows: readonly Row[],
  { starts = [0], refused = [] }: { starts?: readonly number[]; refused?: readonly number[] } = {},
): Promise<ReplayedResult & { readonly opened: readonly (readonly [string, number, number])[] }> {
  const timeline = rows.map(([tool, session, atMs, durationMs]) => ({
    call: TOOLS.indexOf(tool),
    session,
    atMs,
    durationMs,
    outcome: 'success',
  }));
  const calls = TOOLS.map((tool) => ({ tool }));
  const workload = parseWorkload(
    { schema: 'mettle/workload@1', calls, recording: { sessionStartsMs: starts, timeline } },
    'w.json',
  );
  const schedule = scheduleReplay(
    workload,
    { speed: 1, longestPauseMs: null, untilMs: null },
    { whyNot: () => null, directory: null, seed: 1 },
  );
  const context = server.context();
  const opened: (readonly [string, number, number])[] = [];
  const startMs = server.nowMs;
  const result = await runReplayed(context, {
    schedule,
    open(session) {
      opened.push(['opened', session, server.nowMs - startMs]);
      return refused.includes(session)
        ? Promise.reject(new Error('nobody listens'))
        : Promise.resolve(context.session);
    },
    close: (session) => void opened.push(['closed', session, server.nowMs - startMs]),
    now: server.now,
    wait: (ms) => new Promise((resolve) => server.at(server.nowMs + ms, resolve)),
  });
  return { ...result, opened };
}

const made = (server: VirtualServer): readonly (readonly [string, number])[] =>
  server.received.map(({ tool, atMs }) => [tool, atMs - 1000] as const);

describe('a recording in place of a mix', () => {
  it('is made again in its order, at its times, with what ran together', async () => {
    const server = new VirtualServer(parallel({ look: 20, book: 5 }));
    const { evidence, log, calls } = await replayed(server, [
      ['look', 0, 0, 20],
      ['book', 0, 10, 5],
      ['look', 0, 3000, 20],
    ]);
    expect(made(server)).toEqual([
      ['look', 0],
      ['book', 10],
      ['look', 3000],
    ]);
    expect(server.mostInFlight).toBe(2);
    expect(log).toMatchObject({ ends: ['success', 'success', 'success'], held: 0, mostUnderWay: 2 });
    expect(evidence).toMatchObject({ inFlight: 2, durationMs: 3020, weights: { look: 2 / 3, book: 1 / 3 } });
    expect(evidence.subjects.map(({ subject, outcomes }) => [subject.name, outcomes.calls])).toEqual([
      ['book', 1],
      ['look', 2],
    ]);
    expect(calls).toHaveLength(3);
    expect(server.progress.at(-1)?.done).toBe(1);
  });

  it('keeps its order on a server that is slower now: what came after an answer waits for it', async () => {
    const server = new VirtualServer(parallel({ look: 500, book: 5 }));
    const { log } = await replayed(server, [
      ['look', 0, 0, 20],
      ['book', 0, 100, 5],
    ]);
    expect(made(server)).toEqual([
      ['look', 0],
      ['book', 500],
    ]);
    expect(log).toMatchObject({ held: 1, longestHeldMs: 400 });
  });

  it('has the sessions that it had, each opened a second before its first call and closed after its last', async () => {
    const server = new VirtualServer(parallel({ look: 20, book: 5 }));
    const { opened } = await replayed(
      server,
      [
        ['look', 0, 0, 20],
        ['book', 1, 0, 5],
        ['look', 0, 4000, 20],
      ],
      { starts: [0, 3000] },
    );
    expect(opened).toEqual([
      ['opened', 0, 0],
      ['opened', 1, 2000],
      ['closed', 1, 3005],
      ['closed', 0, 4020],
    ]);
  });

  it('counts the calls of a session that cannot be opened as failed', async () => {
    const server = new VirtualServer(parallel({ look: 20, book: 5 }));
    const { log, evidence } = await replayed(
      server,
      [
        ['look', 0, 0, 20],
        ['book', 1, 0, 5],
      ],
      { starts: [0, 50], refused: [1] },
    );
    expect(log.ends).toEqual(['success', 'connection']);
    const book = evidence.subjects.find(({ subject }) => subject.name === 'book');
    expect(book?.outcomes).toMatchObject({ calls: 1, errors: 1, firstError: 'nobody listens' });
  });

  it('ends with the server, and when it is interrupted', async () => {
    const rows: readonly Row[] = [
      ['look', 0, 0, 20],
      ['look', 0, 60_000, 20],
    ];
    const dying = new VirtualServer(parallel({ look: 20, book: 5 }));
    dying.at(2000, () => (dying.exit = { code: 1, signal: null, atMs: 2000 }));
    expect((await replayed(dying, rows)).log.ends).toEqual(['success', null]);
    expect(dying.nowMs).toBeLessThan(2500);
    const stopped = new VirtualServer(parallel({ look: 20, book: 5 }));
    stopped.at(2000, () => stopped.abort.abort());
    expect((await replayed(stopped, rows)).log.ends).toEqual(['success', null]);
    expect(stopped.nowMs).toBeLessThan(2500);
  });
});
