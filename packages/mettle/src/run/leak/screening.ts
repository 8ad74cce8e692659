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
import { lookAtNativeMemory } from './native-memory.ts';
import { snapshotRefusal, SnapshotsRefused, tooSlow } from './snapshot-guard.ts';
import type { NativeMemory } from './snapshot-guard.ts';

/** Each call that was to be warm: V8 has compiled by then what it compiles soon. */
const WARM_UP_CALLS = 20;
/** Of the time, on a server that is slow. */
const SHARE_OF_WARM_UP = 0.12;
/** Fresh rounds: with three of them a chance match was never seen. Fewer, where the server is held for too long between them. */
export const FRESH_ROUNDS = 3;
/** The fewest calls of a subject in a fresh round; of one whose calls take long, fewer. */
const FEWEST_CALLS = 9;
const FEWEST_SLOW_CALLS = 3;
/** From here on a call is slow: thirty of them, sixteen at a time, take half a second. */
const SLOW_MS = 250;
/** A code has on the average so many times its fewest calls. */
const MEAN_OF_A_CODE = 2.25;
/** Of the time that is left, what all snapshots may take before more of it is used. */
const SHARE_OF_SNAPSHOTS = 0.5;
/** Of the time that is left after the warm-up, for the calls of the fresh rounds. */
const SHARE_OF_FRESH_ROUNDS = 0.5;

export interface Screened {
  readonly candidates: readonly GrowthCandidate[];
  /** What divides the screening's objects from earlier and from later ones. */
  readonly fences: readonly [number, number];
  readonly native: NativeMemory;
}

const NO_NATIVE_GROWTH: NativeMemory = { trends: [], notCovered: [] };

export interface ScreeningOptions {
  readonly seed: number;
  /** Whether the process is nobody else's, so that what it takes of the machine's memory is the calls' doing. */
  readonly looksAtNative: boolean;
  /** What gives an examination more time, for people. */
  readonly lookLonger: string;
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
    SHARE_OF_WARM_UP,
  );
  const native = options.looksAtNative ? await lookAtNativeMemory(run) : NO_NATIVE_GROWTH;
  const first = await firstFence(run, native, options.lookLonger);
  const fences = [first];
  const fewest = fewestCalls(run);
  const code = codes({
    subjects: run.drivers.length,
    rounds: FRESH_ROUNDS,
    seed: options.seed,
    fewest: (subject) => ((run.callMs[subject] ?? 0) > SLOW_MS ? FEWEST_SLOW_CALLS : fewest),
  });
  for (let round = 0; round < FRESH_ROUNDS; round++) {
    await run.round(
      'fresh',
      code.map((counts) => counts[round] ?? 0),
    );
    await run.readMemory();
    if (!affordsMoreRounds(run, FRESH_ROUNDS - 1 - round)) break;
    fences.push(await run.fence());
  }
  const snapshot = await run.snapshot();
  const candidates = candidatesIn(snapshot, fences, run.rounds, run.subjects, options);
  return { candidates, fences: [first, highestId(snapshot)], native };
}

/** Taken only where it and the one that is analysed can be had, as far as that can be told before; throws SnapshotsRefused. */
async function firstFence(run: LeakRun, native: NativeMemory, lookLonger: string): Promise<number> {
  const { collectionCpuMs, after } = await run.readMemory();
  const room = run.recording.room();
  const refusal = snapshotRefusal({
    heapUsedBytes: after.heapUsedBytes,
    collectionCpuMs,
    room,
    leftMs: run.leftForScreeningMs,
  });
  if (refusal !== null) throw new SnapshotsRefused(`${refusal} (${lookLonger})`, native);
  const fence = await run.fence();
  if (run.snapshotsMs(1) > run.leftForScreeningMs)
    throw new SnapshotsRefused(`${tooSlow(run.lastPause)} (${lookLonger})`, native);
  if (run.snapshotsMs(FRESH_ROUNDS) > SHARE_OF_SNAPSHOTS * run.leftMs) run.extendForScreening();
  return fence;
}

/**
 * Time and memory for so many more rounds like the last, with the snapshots between and after them. All or none: fewer
 * than three prove nothing by their numbers, and the time is better used for calling each subject alone.
 */
function affordsMoreRounds(run: LeakRun, more: number): boolean {
  if (more === 0 || !run.hasRoomForSnapshot) return false;
  const roundMs = run.rounds.at(-1)?.durationMs ?? 0;
  return run.snapshotsMs(more + 1) + more * roundMs <= run.leftForScreeningMs;
}

/** How fast the warm-up's calls went says how many the fresh rounds can have in the time. */
function fewestCalls(run: LeakRun): number {
  const [warmUp] = run.rounds;
  const made = warmUp?.calls.reduce((sum, calls) => sum + calls, 0) ?? 0;
  if (warmUp === undefined || made === 0) return FEWEST_SLOW_CALLS;
  const pausesMs = run.snapshotsMs(FRESH_ROUNDS);
  const affordable = (run.leftForCallsMs - pausesMs) * SHARE_OF_FRESH_ROUNDS * (made / warmUp.durationMs);
  const wanted = run.drivers.length * FRESH_ROUNDS * MEAN_OF_A_CODE * FEWEST_CALLS;
  const fewest = Math.floor(FEWEST_CALLS * Math.min(1, affordable / wanted));
  return Math.max(FEWEST_SLOW_CALLS, fewest);
}

export function freshRounds(run: LeakRun): readonly HeapRound[] {
  return run.rounds.filter(({ kind }) => kind === 'fresh');
}

/** What fewer counted rounds than usual cannot tell; a sentence. */
export function tooFewRounds(run: LeakRun, lookLonger: string): readonly string[] {
  const rounds = freshRounds(run).length;
  if (rounds === FRESH_ROUNDS) return [];
  const why = `one heap snapshot held the server for ${((run.lastPause?.pauseMs ?? 0) / 1000).toFixed(1)} s`;
  return rounds === 1
    ? [
        `Calls were counted in one round instead of three, since ${why}; each tool was called alone instead, which shows collections and listeners that grow, but no timers, promises, handles, buffers or linked lists (${lookLonger}).`,
      ]
    : [
        `Calls were counted in two rounds instead of three, since ${why}; each tool was called alone besides, and what leaks on some calls only may have been missed (${lookLonger}).`,
      ];
}

/** Whether of no tool enough calls could be made (or of no method, where there are no tools). */
export function saysNothing(run: LeakRun): boolean {
  const answered = run.subjects.flatMap(({ kind, manner }, i) =>
    kind === 'tool' && manner === 'answered' ? [i] : [],
  );
  const asked = answered.length > 0 ? answered : run.subjects.map((_, i) => i);
  return asked.every((subject) => isTooFew(run, subject));
}

function isTooFew(run: LeakRun, subject: number): boolean {
  return freshRounds(run).some((round) => (round.calls[subject] ?? 0) < FEWEST_SLOW_CALLS);
}

/** Of whom so few calls could be made that nothing can be said of them; a sentence each. */
export function tooFewCalls(run: LeakRun): readonly string[] {
  return run.subjects.flatMap(({ name, manner }, subject) => {
    if (!isTooFew(run, subject)) return [];
    const all = freshRounds(run).reduce((sum, round) => sum + (round.calls[subject] ?? 0), 0);
    const what = manner === 'answered' ? name : `${name} (${manner})`;
    return [
      `${what}: the server was so slow that only ${all} calls could be made in the rounds; what they leave behind may have been missed (raise --budget).`,
    ];
  });
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
