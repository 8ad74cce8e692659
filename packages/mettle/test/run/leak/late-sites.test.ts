import { expect, it } from 'vitest';
import type { TrappedGrowth } from '../../../src/collect/index.ts';
import type { HeapSubject } from '../../../src/evidence/index.ts';
import type { LeakRun } from '../../../src/run/leak/leak-run.ts';
import { findSites } from '../../../src/run/leak/live-sites.ts';
import type { Track } from '../../../src/run/leak/track.ts';

const TOOLS = ['open', 'lookup', 'draft'].map((name): HeapSubject => ({
  name,
  kind: 'tool',
  manner: 'answered',
}));

/** Each tool adds to the object of its own number, at a line of its own; the time is up when the first was called. */
function lateServer(): { readonly run: LeakRun; readonly rounds: (readonly number[])[] } {
  const rounds: (readonly number[])[] = [];
  let records: TrappedGrowth[] = [];
  const run = {
    subjects: TOOLS,
    drivers: TOOLS.map((subject) => ({ subject })),
    get leftMs() {
      return rounds.length === 0 ? 1 : -1;
    },
    recording: {
      trap: () => Promise.resolve([]),
      trapped: () => Promise.resolve(records.splice(0)),
    },
    calls: (_: string, counts: readonly number[]) => {
      rounds.push(counts);
      records = counts.flatMap((count, object) => Array.from({ length: count }, () => addedTo(object)));
      return Promise.resolve(counts);
    },
  } as unknown as LeakRun;
  return { run, rounds };
}

function addedTo(object: number): TrappedGrowth {
  const stack = [{ function: 'add', file: 'server.js', line: 10 + object, column: 1 }];
  return { object, resource: null, removed: false, delayMs: null, stack, ended: false };
}

it('where things grow is seen of all owners, together where there is no time to call one tool after the other', async () => {
  const { run, rounds } = lateServer();
  const tracks = TOOLS.map(
    (subject, index) =>
      ({
        candidate: { element: { kind: 'object' } },
        index,
        subject,
        driver: 'calls',
        bound: { kind: 'none', calls: 0, sizes: [] },
        removals: null,
        site: [],
      }) as unknown as Track,
  );
  await findSites(run, tracks, []);
  expect(tracks.map(({ site }) => site[0]?.line)).toEqual([10, 11, 12]);
  expect(rounds).toEqual([
    [4, 0, 0],
    [0, 4, 4],
  ]);
});
