import { describe, expect, it } from 'vitest';
import type { GrowthBound } from '../../../src/evidence/index.ts';
import { boundByOtherParts } from '../../../src/run/leak/live-bounds.ts';
import type { Track } from '../../../src/run/leak/track.ts';

const CACHE = 7;
const full: GrowthBound = { kind: 'plateau', size: 200, calls: 80 };
const counted: GrowthBound = { kind: 'none', calls: 158, sizes: [] };

function track(given: {
  readonly heapId: number;
  readonly holder?: number;
  readonly index: number;
  readonly bound: GrowthBound | null;
  readonly counts?: readonly number[];
}): Track {
  const { heapId, holder, counts = [0, 54, 28, 39] } = given;
  const candidate = { heapId, counts, holders: holder === undefined ? [] : [holder] };
  return { ...given, candidate, subject: { name: 'locate' } } as unknown as Track;
}

const boundOf = (judged: Track, other: Track): GrowthBound | null => {
  boundByOtherParts([judged, other]);
  return judged.bound;
};

describe('what bounds one part of a cache', () => {
  const keys = track({ heapId: 8, holder: CACHE, index: 0, bound: full });

  it('bounds another part, of which nothing is known', () => {
    expect(boundOf(track({ heapId: 9, holder: CACHE, index: 1, bound: null }), keys)).toBe(full);
  });

  it('bounds the cache itself, counted when it was just about to be full', () => {
    expect(boundOf(track({ heapId: CACHE, index: -1, bound: counted }), keys)).toBe(full);
  });

  it('does not bound a list beside it that grew in another way and on', () => {
    const list = track({ heapId: 9, holder: CACHE, index: -1, bound: counted, counts: [0, 108, 56, 78] });
    expect(boundOf(list, keys)).toBe(counted);
  });

  it('does not bound a part whose live size was seen to grow on', () => {
    expect(boundOf(track({ heapId: 9, holder: CACHE, index: 1, bound: counted }), keys)).toBe(counted);
  });

  it('does not bound what belongs to something else', () => {
    expect(boundOf(track({ heapId: 10, holder: 11, index: -1, bound: counted }), keys)).toBe(counted);
  });
});
