import { describe, expect, it } from 'vitest';
import { serialisedByCpu } from '../../src/detect/detectors/serialised-by-cpu.ts';
import { serialisedByLock } from '../../src/detect/detectors/serialised-by-lock.ts';
import { serialisedByPool } from '../../src/detect/detectors/serialised-by-pool.ts';
import type { EvidenceKey, Finding, OverlapRecord } from '../../src/evidence/index.ts';
import { at, CHILD_PROCESS, HASHING } from '../builders/frames.ts';
import { server, type ServerBuilder } from '../builders/server.ts';

const ALL = [serialisedByCpu, serialisedByLock, serialisedByPool];
function detect(told: ServerBuilder, without: readonly EvidenceKey[] = []): readonly Finding[] {
  const evidence = told.evidence(without);
  return ALL.filter((detector) => detector.needs.every((key) => evidence[key] !== undefined)).flatMap(
    (detector) => detector.detect(evidence),
  );
}
const ids = (told: ServerBuilder, without: readonly EvidenceKey[] = []): string[] =>
  detect(told, without).map((finding) => finding.id);

const QUEUE = [at('acquireStockLock', 'src/stock.js', 18), at('reserve', 'src/tools.js', 33)];
const HOLDER = [at('warehouseAnswer', 'src/stock.js', 40)];
const oneAtATime: Partial<OverlapRecord> = {
  maxOutstanding: 1,
  waits: [{ count: 7, waitedMs: 840, stack: QUEUE }],
  holders: [{ kind: 'Timeout', count: 8, stack: HOLDER }],
};
const twoAtATime: Partial<OverlapRecord> = {
  maxOutstanding: 2,
  waits: [{ count: 6, waitedMs: 360, stack: QUEUE }],
  holders: [],
};

describe('a lock', () => {
  const locked = (): ServerBuilder =>
    server().tool('reserve').called(40).together({ atATime: 1, soloMs: 30 });

  it('is found where calls wait, with who holds it meanwhile', () => {
    const findings = detect(locked().seenInside(oneAtATime));
    expect(findings).toHaveLength(1);
    const [finding] = findings;
    expect(finding).toMatchObject({
      id: 'serialised-by-lock',
      tool: 'reserve',
      confidence: 'reproduced',
      severity: 'medium',
      cost: { value: 30, unit: 'ms added for every other call', per: 'call' },
    });
    expect(finding?.title).toBe(
      '16 calls of `reserve` take 16 times as long as one (480 ms against 30 ms): they go one at a time while the main thread is idle, and the others wait at src/stock.js:18',
    );
    expect(finding?.location).toMatchObject({
      file: '/srv/shop/src/stock.js',
      line: 18,
      function: 'acquireStockLock',
    });
    expect(finding?.evidence).toEqual([
      {
        kind: 'table',
        title: 'Calls sent together against one alone (medians; host delay taken out)',
        columns: [
          'in flight',
          'rounds',
          'one alone ms',
          'all together ms',
          'times as long',
          'at a time',
          'main thread CPU',
          'other CPU',
        ],
        rows: [
          [4, 6, 30, 120, 4, 1, '1.7 %', '0 %'],
          [16, 6, 30, 480, 16, 1, '1.7 %', '0 %'],
        ],
      },
      { kind: 'stack', title: 'Where calls wait in line (7 calls)', frames: QUEUE },
      { kind: 'stack', title: 'What the call at its turn is doing meanwhile (Timeout)', frames: HOLDER },
    ]);
    expect(finding?.fix).toContain('`exclusive(key)`');
    expect(finding?.verify.command).toBe(
      'npx mettle check --tool reserve --fail-on serialised-by-lock -- node src/server.js',
    );
  });

  it('is only suspected, without a place, when nothing was seen inside', () => {
    const [finding] = detect(locked(), ['overlap', 'blocking']);
    expect(finding).toMatchObject({ id: 'serialised-by-lock', confidence: 'suspected', severity: 'medium' });
    expect(finding?.location).toBeUndefined();
    expect(finding?.title).toContain('what they wait for could not be seen');
  });

  it('is only suspected when a shared connection hides whose work is whose', () => {
    expect(detect(locked().seenInside({ ...oneAtATime, callsWithoutOperation: 8 }))[0]?.confidence).toBe(
      'suspected',
    );
  });

  it('is not reported against what was seen inside', () => {
    expect(ids(locked().seenInside())).toEqual([]);
    expect(ids(locked().seenInside({ maxOutstanding: 3, waits: [] }))).toEqual([]);
  });

  it('is not suspected after few rounds, or with one batch size', () => {
    expect(ids(server().tool('reserve').together({ atATime: 1, soloMs: 30, rounds: 4 }))).toEqual([]);
    expect(
      ids(
        server()
          .tool('reserve')
          .together({ atATime: 1, soloMs: 30, sizes: [8] }),
      ),
    ).toEqual([]);
  });

  it('is found while the host is starved', () => {
    let turn = 0;
    const told = server()
      .tool('reserve')
      .together({ atATime: 1, soloMs: 30, hostDelayMs: () => (turn++ % 3) * 150 })
      .seenInside(oneAtATime);
    expect(ids(told)).toEqual(['serialised-by-lock']);
  });
});

describe('a pool', () => {
  it('is found with its width', () => {
    const [finding, ...others] = detect(
      server().tool('search').together({ atATime: 2, soloMs: 30 }).seenInside(twoAtATime),
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: 'serialised-by-pool', tool: 'search', confidence: 'reproduced' });
    expect(finding?.title).toBe(
      '16 calls of `search` take 8 times as long as one (240 ms against 30 ms): only 2 at a time have work under way, the others wait at src/stock.js:18',
    );
    expect(finding?.fix).toContain("Raise the pool's size above 2");
  });

  it('is not found when batches take no more time, whatever was seen inside', () => {
    expect(
      ids(
        server()
          .tool('search')
          .together({ atATime: Number.POSITIVE_INFINITY, soloMs: 30 })
          .seenInside(twoAtATime),
      ),
    ).toEqual([]);
  });

  it('is not found when calls outstanding were merely staggered', () => {
    const staggered = { maxOutstanding: 3, waits: [{ count: 2, waitedMs: 4, stack: QUEUE }] };
    expect(ids(server().tool('search').together({ atATime: 4, soloMs: 30 }).seenInside(staggered))).toEqual(
      [],
    );
  });

  it('is not looked for from outside, where few cores look the same', () => {
    expect(serialisedByPool.needs).toContain('overlap');
  });
});

describe('the main thread', () => {
  it('is no queue for listings, which clients ask for once a session, below what blocks everybody', () => {
    const listing = (cpuMs: number): readonly string[] =>
      serialisedByCpu
        .detect(
          server()
            .tool('tools/list')
            .called(40)
            .blocks(cpuMs)
            .together({ atATime: 1, soloMs: cpuMs + 2, cpuMs })
            .evidence(),
        )
        .map(({ id }) => id);
    expect(listing(36)).toEqual([]);
    expect(listing(60)).toEqual(['serialised-by-cpu']);
  });

  it('is found as the queue when the calls compute on it', () => {
    const told = server()
      .tool('login')
      .called(40)
      .blocks(120, { stack: HASHING })
      .together({ atATime: 1, soloMs: 122, cpuMs: 120 })
      .seenInside({ maxOutstanding: 0, callsWithoutOperation: 8 });
    const findings = detect(told);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: 'serialised-by-cpu',
      tool: 'login',
      confidence: 'reproduced',
      severity: 'high',
      cost: { value: 120 },
    });
    expect(findings[0]?.title).toBe(
      '16 calls of `login` take 16 times as long as one: each holds the main thread for 120 ms, computing in pbkdf2Sync, at src/passwords.js:12',
    );
  });

  it('is found from its CPU time alone', () => {
    expect(
      ids(server().tool('login').together({ atATime: 1, soloMs: 122, cpuMs: 120 }), ['blocking', 'overlap']),
    ).toEqual(['serialised-by-cpu']);
  });

  it('is found, not a lock, when the calls wait on it synchronously', () => {
    const told = server()
      .tool('export')
      .called(20)
      .blocks(4, { waitMs: 150, stack: CHILD_PROCESS })
      .together({ atATime: 1, soloMs: 156, cpuMs: 4, otherCpuMs: 40 })
      .seenInside({ maxOutstanding: 0, callsWithoutOperation: 8 });
    expect(ids(told)).toEqual(['serialised-by-cpu']);
  });

  it('is found on a starved host, whose delays are taken out', () => {
    const told = server()
      .tool('login')
      .together({ atATime: 1, soloMs: 122, cpuMs: 120, hostDelayMs: () => 700 });
    expect(ids(told)).toEqual(['serialised-by-cpu']);
  });
});

describe('no queue is found', () => {
  it.each([
    [
      'in calls that wait side by side',
      server().tool('t').together({ atATime: Number.POSITIVE_INFINITY, soloMs: 30 }).seenInside(),
    ],
    [
      'in calls of a fast tool that share the thread',
      server().tool('t').together({ atATime: 1, soloMs: 2, cpuMs: 1.8 }).seenInside({ maxOutstanding: 1 }),
    ],
    ['in calls that need 8 ms of CPU', server().tool('t').together({ atATime: 1, soloMs: 9, cpuMs: 8 })],
    [
      'in calls that wait long and compute a little',
      server().tool('t').together({ atATime: Number.POSITIVE_INFINITY, soloMs: 400, cpuMs: 25 }),
    ],
    [
      'when child processes fill the cores',
      server().tool('t').together({ atATime: 1, soloMs: 160, cpuMs: 5, otherCpuMs: 140 }),
    ],
    [
      'when libuv threads fill the cores',
      server().tool('t').together({ atATime: 2, soloMs: 100, cpuMs: 1, otherCpuMs: 95 }).seenInside(),
    ],
    [
      'when a starved host delays every batch',
      server()
        .tool('t')
        .together({ atATime: Number.POSITIVE_INFINITY, soloMs: 30, hostDelayMs: () => 600 }),
    ],
    [
      'in a single round',
      server().tool('t').together({ atATime: 1, soloMs: 30, rounds: 1 }).seenInside(oneAtATime),
    ],
    [
      'when no clock says whether the thread was busy',
      server().tool('t').together({ atATime: 1, soloMs: 30, cpuMs: null }),
    ],
  ])('%s', (_what, told) => {
    expect(ids(told)).toEqual([]);
  });

  it('in rounds whose calls failed', () => {
    const evidence = server().tool('t').together({ atATime: 1, soloMs: 30 }).evidence();
    const failing = evidence.concurrency.subjects.map((subject) => ({
      ...subject,
      rounds: subject.rounds.map((round) => ({
        ...round,
        batches: round.batches.map((batch) => ({ ...batch, errors: 1 })),
      })),
    }));
    expect(serialisedByLock.detect({ ...evidence, concurrency: { subjects: failing } })).toEqual([]);
  });
});

describe('what was looked at', () => {
  it('names the tools that could not be called together often enough', () => {
    const told = server().tool('slow').tool('t').together({ atATime: 4, soloMs: 30 });
    expect(serialisedByLock.looked(told.evidence())).toBe(
      '1 subject, 6 rounds of 4, 16 calls in flight; not `slow` (the notes say why)',
    );
    expect(serialisedByLock.blind?.(told.evidence())).toBeNull();
  });

  it('is nothing when only a listing could be judged, and no tool', () => {
    const told = server().tool('slow').tool('tools/list').together({ atATime: 4, soloMs: 30 });
    expect(serialisedByLock.blind?.(told.evidence())).toBe(
      '`slow` could not be called together often enough to compare with one call alone (the notes say why)',
    );
  });

  it('is said in figures, and what could not be seen', () => {
    expect(serialisedByLock.looked(server().tool('t').together({ atATime: 4, soloMs: 30 }).evidence())).toBe(
      '1 subject, 6 rounds of 4, 16 calls in flight',
    );
    expect(
      serialisedByCpu.looked(server().tool('t').together({ atATime: 4, soloMs: 30, cpuMs: null }).evidence()),
    ).toContain('not whether the main thread was busy');
    expect(serialisedByCpu.looked(server().tool('t').evidence())).toBe(
      'no subject answered often enough to compare calls sent together with one alone',
    );
  });
});
