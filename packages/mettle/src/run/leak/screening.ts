import {
  birthRounds,
  growthByOwner,
  HeapGraph,
  HeapPlaces,
  highestId,
  retentionOf,
} from '../../derive/heap/index.ts';
import type { HeapSnapshot } from '../../derive/heap/index.ts';
import { renewedContainers } from '../../derive/heap/growth/renewed.ts';
import { screen } from '../../derive/heap/growth/screen.ts';
import type { GrowthCandidate } from '../../derive/heap/growth/screen.ts';
import type { HeapRound, HeapSubject } from '../../evidence/index.ts';
import { codes } from '../../load/leak/codes.ts';
import type { LeakRun } from './leak-run.ts';
import { SnapshotsTooSlow } from './snapshot-guard.ts';

/** Each call that was to be warm: V8 has compiled by then what it compiles soon. */
const WARM_UP_CALLS = 20;
/** Fresh rounds: with three of them a chance match was never seen. */
const FRESH_ROUNDS = 3;
/** The fewest calls of a subject in a fresh round; of one whose calls take long, fewer. */
const FEWEST_CALLS = 9;
const FEWEST_SLOW_CALLS = 3;
/** From here on a call is slow: thirty of them, sixteen at a time, take half a second. */
const SLOW_MS = 250;

export interface Screened {
  readonly candidates: readonly GrowthCandidate[];
  /** What divides the screening's objects from later ones. */
  readonly fence: number;
}

export interface ScreeningOptions {
  readonly seed: number;
  readonly shownFile: (file: string) => string;
  readonly isOurs: (file: string) => boolean;
}

/** Warm-up, then coded rounds with a snapshot after each, of which the last is analysed. */
export async function screenHeap(run: LeakRun, options: ScreeningOptions): Promise<Screened> {
  await run.round(
    'warm-up',
    run.drivers.map((_, subject) =>
      (run.callMs[subject] ?? 0) > SLOW_MS ? FEWEST_SLOW_CALLS : WARM_UP_CALLS,
    ),
  );
  await run.readMemory();
  const fences = [await run.fence()];
  const pauseMs = run.snapshots[0]?.pauseMs ?? 0;
  if (pauseMs * FRESH_ROUNDS > run.leftMs) throw new SnapshotsTooSlow(pauseMs);
  const code = codes({
    subjects: run.drivers.length,
    rounds: FRESH_ROUNDS,
    seed: options.seed,
    fewest: (subject) => ((run.callMs[subject] ?? 0) > SLOW_MS ? FEWEST_SLOW_CALLS : FEWEST_CALLS),
  });
  for (let round = 0; round < FRESH_ROUNDS; round++) {
    await run.round(
      'fresh',
      code.map((counts) => counts[round] ?? 0),
    );
    await run.readMemory();
    if (round < FRESH_ROUNDS - 1) fences.push(await run.fence());
  }
  const snapshot = await run.snapshot();
  const candidates = candidatesIn(snapshot, fences, run.rounds, run.subjects, options);
  return { candidates, fence: highestId(snapshot) };
}

/** What grew in a snapshot; `rounds[0]` is what was before the first fence. */
function candidatesIn(
  snapshot: HeapSnapshot,
  fences: readonly number[],
  rounds: readonly HeapRound[],
  subjects: readonly HeapSubject[],
  { shownFile, isOurs }: Pick<ScreeningOptions, 'shownFile' | 'isOurs'>,
): readonly GrowthCandidate[] {
  const graph = new HeapGraph(snapshot);
  const retention = retentionOf(graph);
  const births = birthRounds(snapshot, fences);
  const growth = growthByOwner(graph, retention, births, fences.length);
  const screening = {
    graph,
    retention,
    places: new HeapPlaces(graph),
    growth,
    rounds,
    subjects,
    shownFile,
    isOurs,
  };
  const candidates = screen(screening);
  const known = new Set(candidates.map(({ heapId }) => heapId));
  return [...candidates, ...renewedContainers(screening, births, known)];
}
