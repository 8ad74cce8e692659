import { describe, expect, it } from 'vitest';
import { matchCounts } from '../../../../src/derive/heap/growth/coded-match.ts';
import type { HeapRound, HeapSubject } from '../../../../src/evidence/index.ts';

const makes = [
  { name: 'save', manner: 'answered' },
  { name: 'save', manner: 'cancelled' },
] as const;
const subjects: readonly HeapSubject[] = [
  { name: 'save', kind: 'tool', manner: 'answered' },
  { name: 'count', kind: 'tool', manner: 'answered' },
  { name: 'session', kind: 'session', manner: 'ended', makes },
  { name: 'session', kind: 'session', manner: 'abandoned', makes },
];
const CALLS = [
  [13, 29, 19],
  [23, 11, 27],
  [17, 21, 10],
  [9, 14, 22],
] as const;
const rounds: readonly HeapRound[] = [0, 1, 2].map((r) => ({
  kind: 'fresh',
  durationMs: 100,
  calls: CALLS.map((code) => code[r] as number),
}));
const told = (counts: readonly number[]): unknown => {
  const match = matchCounts(counts, rounds, subjects);
  return match === null ? null : [match.subject.name, match.subject.manner, match.proof, match.perCall];
};

describe('growth by calls that sessions make in their lives', () => {
  it('is the tool’s when its own calls leave as much behind', () => {
    expect(told([13 + 17 + 9, 29 + 21 + 14, 19 + 10 + 22])).toEqual(['save', 'answered', 'exact', 1]);
  });

  it('is the tool’s when it goes with sessions that are ended', () => {
    expect(told([13 + 9, 29 + 14, 19 + 22])).toEqual(['save', 'answered', 'exact', 1]);
  });

  it('is the session’s when only sessions leave it behind', () => {
    expect(told([17, 21, 10])).toEqual(['session', 'ended', 'exact', 1]);
    expect(told([17 + 9, 21 + 14, 10 + 22])).toEqual(['session', 'ended', 'exact', 1]);
  });
});

describe('growth by every request', () => {
  it('is everybody’s, with the requests of sessions and the one by which each begins', () => {
    const list: HeapSubject = { name: 'tools/list', kind: 'method', manner: 'answered' };
    const withList = rounds.map((round, r) => ({
      ...round,
      calls: [...round.calls, [16, 12, 25][r] as number],
    }));
    // A life: its beginning, and two calls.
    const grown = withList.map(
      ({ calls: [a = 0, b = 0, c = 0, d = 0, e = 0] }) => 2 * (a + b + 3 * (c + d) + e),
    );
    expect(matchCounts(grown, withList, [...subjects, list])).toMatchObject({
      subject: { name: 'any request' },
      proof: 'exact',
      perCall: 2,
    });
  });
});

describe('two subjects that were called alike, as time was short', () => {
  it('are not told apart by the counts', () => {
    const alike = rounds.map((round) => ({ ...round, calls: [7, 7, 3, 4] }));
    expect(matchCounts([7, 7, 7], alike, subjects)?.proof).not.toBe('exact');
  });
});
