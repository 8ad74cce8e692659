import { describe, expect, it } from 'vitest';
import type { HeapSubject } from '../../../src/evidence/index.ts';
import type { LeakRun } from '../../../src/run/leak/leak-run.ts';
import { fillUp } from '../../../src/run/leak/live-bounds.ts';
import type { Track } from '../../../src/run/leak/track.ts';

const SAVE: HeapSubject = { name: 'save', kind: 'tool', manner: 'answered' };

/** A Map that was filled up, and takes so many more of the calls that come then. */
async function boundAfterFilling(takes: (calls: number) => number, perCall: number): Promise<Track['bound']> {
  let size = 200;
  const tallies = [{ calls: 0, errors: 0, firstError: null }];
  const run = {
    subjects: [SAVE],
    drivers: [{ subject: SAVE }],
    tallies,
    recording: {
      fill: (_: number, upTo: number) => Promise.resolve((size = upTo)),
      sizes: () => Promise.resolve([size]),
    },
    calls: (_: string, [calls = 0]: readonly number[]) => {
      tallies[0] = { calls, errors: 0, firstError: null };
      size += takes(calls);
      return Promise.resolve([calls]);
    },
  };
  const track = {
    candidate: { owner: { kind: 'map' } },
    index: 0,
    driver: 'calls',
    subject: SAVE,
    perCall,
    sizes: [200],
    boundCalls: 20,
    bound: null,
  } as unknown as Track;
  await fillUp(run as unknown as LeakRun, [track]);
  return track.bound;
}

describe('a container that Mettle filled up', () => {
  it('has an end when it takes nothing more', async () => {
    expect(await boundAfterFilling(() => 0, 1)).toEqual({ kind: 'plateau', size: 100_000, calls: 20 });
    expect(await boundAfterFilling(() => -99_000, 1)).toMatchObject({ kind: 'plateau', size: 1000 });
  });

  it('has none when it takes an entry of every call, were it fewer than expected', async () => {
    expect(await boundAfterFilling((calls) => calls, 1)).toBeNull();
    expect(await boundAfterFilling((calls) => calls, 5.9)).toBeNull();
  });
});
