import { describe, expect, it } from 'vitest';
import { matchCounts } from '../../../../src/derive/heap/growth/coded-match.ts';
import type { HeapRound, HeapSubject } from '../../../../src/evidence/index.ts';

const answered = (name: string): HeapSubject => ({ name, kind: 'tool', manner: 'answered' });
const subjects: readonly HeapSubject[] = [
  answered('open'),
  answered('search'),
  { name: 'open', kind: 'tool', manner: 'cancelled' },
  { name: 'tools/list', kind: 'method', manner: 'answered' },
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

describe('whose calls a growth follows', () => {
  it('is exact when each round has the same whole number of elements per call', () => {
    expect(matchCounts([26, 58, 38], rounds, subjects)).toMatchObject({
      subject: { name: 'open', manner: 'answered' },
      proof: 'exact',
      perCall: 2,
    });
  });

  it('is told of the plainest manner when the cancelled calls leave the same behind', () => {
    expect(matchCounts([30, 50, 29], rounds, subjects)).toMatchObject({
      subject: { name: 'open', manner: 'answered' },
      proof: 'exact',
      perCall: 1,
      calls: 109,
    });
  });

  it('is told of a manner alone when only that leaves something behind', () => {
    expect(matchCounts([17, 21, 10], rounds, subjects)?.subject).toMatchObject({ manner: 'cancelled' });
  });

  it('is told of every tool, and of every request, when all of them do', () => {
    expect(matchCounts([53, 61, 56], rounds, subjects)?.subject.name).toBe('tools/call');
    expect(matchCounts([62, 75, 78], rounds, subjects)?.subject.name).toBe('any request');
  });

  it('is rough for a tool that leaks on some of its calls', () => {
    expect(matchCounts([7, 3, 7], rounds, subjects)).toMatchObject({
      subject: { name: 'search' },
      proof: 'correlated',
    });
  });

  it('is nobody when the growth is about the same in all rounds', () => {
    expect(matchCounts([20, 20, 20], rounds, subjects)).toBeNull();
    expect(matchCounts([300, 310, 290], rounds, subjects)).toBeNull();
  });

  it('is nobody when there are hardly any elements, or none in one of the rounds', () => {
    expect(matchCounts([1, 2, 1], rounds, subjects)).toBeNull();
    expect(matchCounts([13, 29, 0], rounds, subjects)).toBeNull();
  });
});
