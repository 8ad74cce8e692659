import { describe, expect, it } from 'vitest';
import { matchCounts } from '../../../src/derive/heap/growth/coded-match.ts';
import type { HeapManner, HeapRound, HeapSubject } from '../../../src/evidence/index.ts';

/** Calls by fresh round, as a run of `mettle leak` made them. */
const CALLS: Readonly<Record<string, readonly [number, number, number]>> = {
  'define answered': [23, 9, 20],
  'define failed': [31, 30, 15],
  'define cancelled': [31, 19, 19],
  'spell answered': [12, 18, 14],
  'spell failed': [12, 20, 10],
  'tools/list answered': [26, 13, 25],
};

const subjects = Object.keys(CALLS).map((words): HeapSubject => {
  const [name = '', manner] = words.split(' ');
  return { name, kind: name.includes('/') ? 'method' : 'tool', manner: manner as HeapManner };
});
const rounds = [0, 1, 2].map((r): HeapRound => ({
  kind: 'fresh',
  durationMs: 500,
  calls: Object.values(CALLS).map((calls) => calls[r as 0 | 1 | 2]),
}));

function matched(counts: readonly number[]): readonly unknown[] | null {
  const match = matchCounts(counts, rounds, subjects);
  return match === null ? null : [match.subject.name, match.subject.manner, match.proof];
}

describe('whose calls counts of new objects follow', () => {
  it('is who made as many, or twice as many, in every round', () => {
    expect(matched([23, 9, 20])).toEqual(['define', 'answered', 'exact']);
    expect(matched([24, 40, 20])).toEqual(['spell', 'failed', 'exact']);
  });

  it('is the tool when all manners of its calls add up', () => {
    expect(matched([85, 58, 54])).toEqual(['define', 'answered', 'exact']);
  });

  it('is everybody when all requests add up, though a few were lost on the way', () => {
    expect(matched([135, 109, 103])).toEqual(['any request', 'answered', 'exact']);
    expect(matched([133, 107, 102])).toEqual(['any request', 'answered', 'correlated']);
  });

  it('is nobody when many were lost, or too few were seen, or none fits', () => {
    expect(matched([120, 109, 90])).toBeNull();
    expect(matched([1, 1, 1])).toBeNull();
    expect(matched([10, 11, 50])).toBeNull();
  });
});
