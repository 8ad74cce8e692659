import { describe, expect, it } from 'vitest';
import type { HeapSubject } from '../../../src/evidence/index.ts';
import type { LeakRun } from '../../../src/run/leak/leak-run.ts';
import { isolate } from '../../../src/run/leak/live-causes.ts';
import type { Track } from '../../../src/run/leak/track.ts';

const CANCELLED: HeapSubject = { name: 'convert', kind: 'tool', manner: 'cancelled' };
const LIST: HeapSubject = { name: 'tools/list', kind: 'method', manner: 'answered' };

/** A server that keeps something of the calls of the first subject, and gets to it when it was looked at so often. */
function lateServer(subjects: readonly HeapSubject[], looksBefore: number, isShortOfTime = false): LeakRun {
  let size = 0;
  let late = 0;
  let looks = 0;
  return {
    subjects,
    drivers: subjects.map((subject) => ({ subject, freshArguments: true })),
    isShortOfTime,
    recording: {
      sizes: () => {
        if (looks++ >= looksBefore) {
          size += late;
          late = 0;
        }
        return Promise.resolve([size]);
      },
    },
    calls: (_: string, counts: readonly number[]) => {
      late += counts[0] ?? 0;
      looks = 0;
      return Promise.resolve(counts);
    },
  } as unknown as LeakRun;
}

function growing(repeatedGrowth: number | null = null): Track {
  return {
    candidate: {},
    index: 0,
    driver: 'calls',
    proof: 'none',
    subject: null,
    perCall: 0,
    keyed: null,
    repeatedGrowth,
    sizes: [],
  } as unknown as Track;
}

describe('what a server leaves behind when it learns that a call was cancelled', () => {
  it('is told of the cancelled calls, not of those that are made next', async () => {
    const track = growing();
    await isolate(lateServer([CANCELLED, LIST], 2), [track]);
    expect(track.subject).toEqual(CANCELLED);
    expect(track).toMatchObject({ proof: 'alone', perCall: 1 });
  });
});

describe('what only calls made alone showed whose it is', () => {
  const FLAG: HeapSubject = { name: 'flag', kind: 'tool', manner: 'answered' };
  it.each([
    ['is kept by argument, when arguments used before added nothing', 0, true],
    ['is not, when these added as much', 24, false],
  ])('%s', async (_, repeatedGrowth, keyed) => {
    const track = growing(repeatedGrowth);
    await isolate(lateServer([FLAG, LIST], 0), [track]);
    expect(track.keyed).toBe(keyed);
  });
});

describe('what two rounds said of whose calls it is, which may be chance', () => {
  it('is not believed when there is no time to call each alone', async () => {
    const run = lateServer([CANCELLED, LIST], 0, true);
    const matched = { ...growing(), subject: LIST, perCall: 5.9 };
    const proven: Track = { ...growing(), subject: LIST, proof: 'correlated' };
    expect(await isolate(run, [matched, proven])).toEqual([matched]);
  });
});

describe('what all requests leave behind', () => {
  it('is told per request as most of them have it, not as the one beside which more came', async () => {
    const subjects: readonly HeapSubject[] = ['a', 'b', 'c', 'd'].map((name) => ({
      name,
      kind: 'method',
      manner: 'answered',
    }));
    let size = 0;
    const run = {
      subjects,
      drivers: subjects.map((subject) => ({ subject, freshArguments: false })),
      isShortOfTime: false,
      recording: { sizes: () => Promise.resolve([size]) },
      calls: (_: string, counts: readonly number[]) => {
        size += counts.reduce((sum, count) => sum + count, 0) + ((counts[2] ?? 0) > 0 ? 8 : 0);
        return Promise.resolve(counts);
      },
    } as unknown as LeakRun;
    const track = growing();
    await isolate(run, [track]);
    expect(track).toMatchObject({ subject: { name: 'any request' }, perCall: 1 });
  });
});
