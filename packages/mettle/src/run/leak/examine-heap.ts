import type { HeapRecording } from '../../collect/index.ts';
import { laterGrowth } from '../../derive/heap/growth/counts-of-classes.ts';
import { growingHandles } from '../../derive/heap/growth/handles.ts';
import type { HandleCandidate } from '../../derive/heap/growth/handles.ts';
import type { GrowthCandidate } from '../../derive/heap/growth/screen.ts';
import type { HeapGrowthEvidence } from '../../evidence/index.ts';
import type { LeakDriver } from '../../load/index.ts';
import { heapEvidence } from './heap-evidence.ts';
import { LeakRun } from './leak-run.ts';
import type { LeakTimeOptions } from './leak-time.ts';
import { boundByOtherParts, boundByTimers, fillUp, readDeclared, saturate } from './live-bounds.ts';
import { isolate, separateCauses } from './live-causes.ts';
import { findSites } from './live-sites.ts';
import type { Sites } from './live-sites.ts';
import {
  FRESH_ROUNDS,
  freshRounds,
  screenHeap,
  saysNothing,
  tooFewCalls,
  tooFewRounds,
} from './screening.ts';
import { NotExamined, refuseClear, tooSlow } from './snapshot-guard.ts';
import { driverOf, trackOf } from './track.ts';
import type { Track } from './track.ts';

export interface HeapExamination extends LeakTimeOptions {
  readonly recording: HeapRecording;
  readonly drivers: readonly LeakDriver[];
  readonly callMs: readonly number[];
  readonly seed: number;
  /** Whether memory outside V8's heap is looked at: the process is nobody else's. */
  readonly looksAtNative: boolean;
  readonly signal: AbortSignal;
  readonly onCall: (subject: string, calls: number) => void;
  readonly shownFile: (file: string) => string;
  /** Whether a script is Mettle's own, inside the server. */
  readonly isOurs: (file: string) => boolean;
  /** What gives an examination more time, for people. */
  readonly lookLonger: string;
  /** Whether the server has ended. */
  readonly hasDied: () => boolean;
  readonly notCovered: readonly string[];
}

/** What follows nobody's calls is mostly V8's and Node's own housekeeping: so many of these are looked at further. */
const MOST_UNMATCHED = 12;
const MOST_MATCHED = 60;
/** Of an owner that grew in three rounds; a list of numbers got a larger store than the first ones. */
const LEAST_ELEMENTS = 5;
/** Few, since what is opened is not closed, and there are limits. */
const OPENING_CALLS = 24;
/** Of what it should have grown by, what counts as growing on. */
const STILL_GROWS = 0.8;
/** What fewer rounds say of whose calls it is may be chance: so many objects more are no end, though others were expected. */
const LEAST_GROWN = 3;

/**
 * Finds what each call leaves behind. First coded rounds and one analysed snapshot, then the live owners: their sizes
 * over idle time, repeated arguments and thousands of calls, who adds to them, and what they do when they are full.
 * The server is of no use afterwards.
 */
export async function examineHeap(options: HeapExamination): Promise<HeapGrowthEvidence> {
  const run = new LeakRun(options);
  const { lookLonger } = options;
  const { candidates, fences, native } = await screenHeap(run, options);
  run.extendForVerdicts();
  const rounds = freshRounds(run).length;
  const tracks = await watched(run, chosenOf(candidates, rounds));
  if (rounds < FRESH_ROUNDS) for (const track of tracks) distrust(track);
  const handles = growingHandles(run.memories, run.rounds.slice(0, run.memories.length), run.subjects);
  let growing: readonly Track[] = tracks;
  let after = run.memories.at(-1) ?? (await run.readMemory());
  let sites: Sites = { opened: new Map() };
  let made: readonly number[] = run.tallies.map(({ calls }) => calls);
  const notCovered = [
    ...options.notCovered,
    ...native.notCovered,
    ...tooFewRounds(run, lookLonger),
    ...tooFewCalls(run),
  ];
  try {
    await separateCauses(run, tracks);
    leaveUndecided(run, await isolate(run, tracks), lookLonger);
    growing = tracks.filter(
      (track) => track.subject !== null || track.driver === 'time' || track.bound !== null,
    );
    await boundByTimers(run, growing);
    await saturate(run, growing);
    await countUnsized(run, growing, fences);
    boundByOtherParts(growing);
    await readDeclared(run, growing);
    boundByOtherParts(growing);
    await openMore(run, handles);
    after = await run.readMemory();
    made = run.tallies.map(({ calls }) => calls);
    const openers = handles.flatMap(({ subject }) => subject ?? []);
    sites = await findSites(run, growing, openers);
    await fillUp(run, growing);
    boundByOtherParts(growing);
  } catch (error) {
    // What was seen until then holds; that the server ends when its containers are full of copies is our doing.
    if (run.signal.aborted || !options.hasDied()) throw error;
    notCovered.push('The server ended while what it holds was looked at; limits and places may be missing.');
  }
  if (growing.length + handles.length + native.trends.length === 0 && saysNothing(run))
    throw new NotExamined(
      `the server was so slow that too few calls of each tool could be made between its heap snapshots (${lookLonger})`,
    );
  if (growing.length + handles.length === 0) refuseClear(native);
  return heapEvidence(run, {
    tracks: growing,
    handles,
    native: native.trends,
    after,
    made,
    sites,
    notCovered,
  });
}

/** Their live owners, whose sizes can be read from now on. */
async function watched(run: LeakRun, chosen: readonly GrowthCandidate[]): Promise<readonly Track[]> {
  const measured = chosen.filter(({ measure }) => measure !== null);
  await run.recording.watch(
    measured.map(({ heapId, measure, owner, counts }) => ({
      heapId,
      measure: { by: measure ?? 'size' },
      shape: shapeOf(owner),
      least: Math.max(
        LEAST_ELEMENTS,
        counts.reduce((sum, count) => sum + count, 0),
      ),
    })),
  );
  return chosen.map((candidate) => trackOf(candidate, measured.indexOf(candidate)));
}

/** Numbers of fewer rounds may agree by chance: whose calls it is has to show when each is called alone, where it can. */
function distrust(track: Track): void {
  if (track.proof === 'exact') track.proof = track.index >= 0 ? 'none' : 'correlated';
}

/** What there was no time for: of fewer rounds nothing is known of anybody then, else not of these. */
function leaveUndecided(run: LeakRun, left: readonly Track[], lookLonger: string): void {
  if (left.length > 0 && freshRounds(run).length < FRESH_ROUNDS)
    throw new NotExamined(`${tooSlow(run.lastPause)} (${lookLonger})`);
  for (const track of left)
    track.bound = { kind: 'undecided', why: 'there was no time to call each tool alone (raise --budget)' };
}

/** What is looked at further. Of a single round nothing follows anybody's calls yet: there all have to be called alone. */
function chosenOf(candidates: readonly GrowthCandidate[], rounds: number): readonly GrowthCandidate[] {
  const matched = candidates.filter(({ match }) => match !== null).slice(0, MOST_MATCHED);
  const unmatched = candidates.filter(({ match, measure }) => match === null && measure !== null);
  const numbers = unmatched.filter(({ element }) => element.kind === 'number');
  const most = rounds === 1 ? MOST_MATCHED : MOST_UNMATCHED;
  return [...matched, ...unmatched.slice(0, most), ...numbers.slice(0, MOST_UNMATCHED)].filter(
    (candidate, i, all) => all.indexOf(candidate) === i,
  );
}

function shapeOf({ kind, className }: GrowthCandidate['owner']): 'map' | 'set' | 'array' | 'other' {
  if (kind === 'map' || kind === 'set') return kind;
  return className === 'Array' ? 'array' : 'other';
}

/** Further calls of those who open things: whether that goes on. */
async function openMore(run: LeakRun, handles: readonly HandleCandidate[]): Promise<void> {
  const drivers = new Set(
    handles.flatMap(({ subject }) => (subject === null ? [] : [driverOf(run, subject)])),
  );
  if (drivers.size === 0) return;
  await run.calls(
    'fresh',
    run.drivers.map((_, i) => (drivers.has(i) ? OPENING_CALLS : 0)),
  );
}

/** What has no size of its own is counted in one more snapshot. */
async function countUnsized(
  run: LeakRun,
  tracks: readonly Track[],
  fences: readonly [number, number],
): Promise<void> {
  const unsized = tracks.filter(
    (track) => track.index < 0 && track.bound === null && track.subject !== null && track.boundCalls > 0,
  );
  if (unsized.length === 0 || run.isShortOfTime) return;
  if (!run.hasRoomForSnapshot || run.snapshotsMs(1) > run.leftMs) return;
  const later = laterGrowth(await run.snapshot(), fences);
  for (const track of unsized) {
    const { candidate } = track;
    const own = later.byOwner(candidate.heapId, candidate.topClass);
    // A cache that is full drops an old one for each new one.
    const counted = candidate.counts.reduce((sum, count) => sum + count, 0);
    const gone = own === null ? 0 : Math.max(0, counted - own.kept);
    const grown = Math.max(0, Math.max(own?.born ?? 0, later.byClass(candidate.topClass)) - gone);
    const expected = track.perCall * track.boundCalls;
    track.bound =
      grown >= STILL_GROWS * expected
        ? { kind: 'none', calls: track.boundCalls, sizes: [] }
        : grown >= LEAST_GROWN && freshRounds(run).length < FRESH_ROUNDS
          ? {
              kind: 'undecided',
              why: 'it was counted in too few rounds to know whose calls it is (raise --budget)',
            }
          : { kind: 'plateau', size: grown, calls: track.boundCalls };
  }
}
