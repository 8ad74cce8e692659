import { describe, expect, it } from 'vitest';
import type { RecordedMoment } from '../../../src/evidence/index.ts';
import { overlappingCalls } from '../../../src/load/replay/overlaps.ts';
import { scheduleReplay } from '../../../src/load/replay/schedule.ts';
import type { ReplaySchedule, ReplaySetting } from '../../../src/load/replay/schedule.ts';
import { parseWorkload } from '../../../src/load/workload.ts';
import type { Workload } from '../../../src/load/workload.ts';

type Row = readonly [
  call: number,
  session: number,
  atMs: number,
  durationMs: number | null,
  outcome?: string,
];

const CALLS = [
  { tool: 'read', arguments: { of: 'a' } },
  { tool: 'write', arguments: { of: 'b' } },
  { method: 'tools/list' },
];

function recording(rows: readonly Row[], sessionStartsMs?: readonly number[]): Workload {
  const timeline = rows.map(([call, session, atMs, durationMs, outcome = 'success']): RecordedMoment => ({
    call,
    session,
    atMs,
    durationMs,
    outcome: outcome as RecordedMoment['outcome'],
  }));
  const facts = sessionStartsMs === undefined ? {} : { sessionStartsMs };
  return parseWorkload(
    { schema: 'mettle/workload@1', calls: CALLS, recording: { timeline, ...facts } },
    'w.json',
  );
}

function schedule(
  workload: Workload,
  setting: Partial<ReplaySetting> = {},
  whyNot: (name: string) => string | null = () => null,
): ReplaySchedule {
  return scheduleReplay(
    workload,
    { speed: 1, longestPauseMs: null, untilMs: null, ...setting },
    { whyNot: ({ name }) => whyNot(name), directory: null, seed: 1 },
  );
}

const times = ({ calls }: ReplaySchedule): unknown => calls.map(({ session, atMs }) => [session, atMs]);

describe('a recording as a schedule', () => {
  it('keeps order, pauses and what overlapped, from the first call on', () => {
    const made = schedule(
      recording(
        [
          [0, 0, 0, 30],
          [1, 0, 10, 5],
          [0, 0, 90_000, 5],
          [2, 1, 0, 5],
        ],
        [500, 520],
      ),
    );
    expect(times(made)).toEqual([
      [0, 0],
      [0, 10],
      [1, 20],
      [0, 90_000],
    ]);
    expect(made.recorded).toMatchObject({ calls: 4, sessions: 2, mostUnderWay: 2, durationMs: 90_005 });
    expect(made).toMatchObject({ mostSessions: 2, idleCutMs: 0 });
  });

  it('goes faster, and shortens pauses, where that is asked for', () => {
    const rows: Row[] = [
      [0, 0, 0, 10],
      [1, 0, 1010, 10],
      [0, 0, 61_020, 10],
    ];
    expect(times(schedule(recording(rows, [0]), { speed: 2 }))).toEqual([
      [0, 0],
      [0, 505],
      [0, 30_510],
    ]);
    const shortened = schedule(recording(rows, [0]), { longestPauseMs: 2000 });
    expect(times(shortened)).toEqual([
      [0, 0],
      [0, 1010],
      [0, 3020],
    ]);
    expect(shortened.idleCutMs).toBe(58_000);
  });

  it('keeps a second of the hours between two sessions', () => {
    const made = schedule(
      recording(
        [
          [0, 0, 0, 10],
          [0, 1, 0, 10],
        ],
        [0, 3_600_000],
      ),
    );
    expect(times(made)).toEqual([
      [0, 0],
      [1, 1010],
    ]);
  });

  it('puts sessions one after the other when an older recording does not say when they began', () => {
    const made = schedule(
      recording([
        [0, 0, 0, 10],
        [0, 1, 0, 10],
      ]),
    );
    expect(made.mostSessions).toBe(1);
    expect(times(made)).toEqual([
      [0, 0],
      [1, 1010],
    ]);
  });

  it('knows which answers a client had when it made a call', () => {
    const { calls } = schedule(
      recording(
        [
          [0, 0, 0, 100],
          [1, 0, 10, 20],
          [0, 0, 50, 10],
          [0, 0, 55, null, 'unanswered'],
          [2, 0, 200, 5],
        ],
        [0],
      ),
    );
    expect(calls.map(({ follows, endRank }) => [follows, endRank])).toEqual([
      [0, 2],
      [0, 0],
      [1, 1],
      // Nobody waited for the one that was never answered.
      [1, 4],
      [3, 3],
    ]);
  });

  it('accounts for every call that is not made', () => {
    const rows: Row[] = [
      [0, 0, 0, 10],
      [1, 0, 20, 10],
      [0, 0, 5000, 10],
    ];
    const made = schedule(recording(rows, [0]), { untilMs: 1000 }, (name) =>
      name === 'write' ? 'not called: it writes' : null,
    );
    expect(made.calls).toHaveLength(1);
    expect(made.leftOut).toEqual([
      { subject: 'write', calls: 1, why: 'not called: it writes' },
      { subject: 'read', calls: 1, why: 'it comes after the time that was given' },
    ]);
  });

  it('refuses a workload without a recording, and one whose calls were taken out', () => {
    const plain = parseWorkload({ schema: 'mettle/workload@1', calls: CALLS }, 'w.json');
    expect(() => schedule(plain)).toThrow(/holds no recording to replay: mettle record writes one/);
    expect(() => schedule(recording([[7, 0, 0, 1]]))).toThrow(
      /timeline\[0\] is .* which is no moment of one of its 3 calls/,
    );
  });
});

describe('what ran together in a recording', () => {
  it('is told by pairs of calls, across sessions too, the most frequent first', () => {
    const met = overlappingCalls(
      recording(
        [
          [0, 0, 0, 10],
          [1, 1, 0, 10],
          [0, 0, 20, 10],
          [1, 1, 20, 10],
          [2, 0, 22, 1],
        ],
        [0, 5],
      ),
    );
    expect(met).toEqual([
      { calls: [0, 1], times: 2 },
      { calls: [0, 2], times: 1 },
    ]);
  });

  it('is nothing when calls came one after the other, or the file tells no times', () => {
    expect(
      overlappingCalls(
        recording(
          [
            [0, 0, 0, 10],
            [1, 0, 10, 10],
          ],
          [0],
        ),
      ),
    ).toEqual([]);
    expect(overlappingCalls(recording([[7, 0, 0, 1]]))).toEqual([]);
  });
});
