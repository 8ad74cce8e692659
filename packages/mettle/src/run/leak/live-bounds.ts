import { setTimeout as pause } from 'node:timers/promises';
import type { HeapGrowth } from '../../evidence/index.ts';
import { declaredBound } from '../../derive/heap/growth/declared.ts';
import type { LeakRun } from './leak-run.ts';
import { driverOf, readSizes, sizeOf } from './track.ts';
import type { Track } from './track.ts';

/** Further calls of each subject whose owner still grows: with those before, enough for a cache of a thousand. */
const BURSTS = [100, 200, 400, 800];
/** However late it is, the first ones get so long: of growth that was seen it is to be known whether it ends. */
const LEAST_FIRST_BURST_MS = 3000;
/** A burst that adds less than this share of what it would was the last. */
const FLAT = 0.05;
/** So many calls tell growth from an end even of a slow subject. */
const LEAST_CALLS = 20;
/** Fewer elements that did not come are chance. */
const LEAST_EXPECTED = 3;
/** A leak of large things must not take the machine's memory. */
const MOST_BYTES = 128 * 1024 * 1024;
/** Objects that no size can be read of are counted by one more snapshot, after so many calls. */
const UNSIZED_CALLS = 150;
/** Filled up to so many, a container that has a limit below shows it with the next calls. */
const FILLED_UP_TO = 100_000;
/** Of an object with so many keys, counting them takes a millisecond. */
const KEYS_UP_TO = 20_000;
const CALLS_WHEN_FULL = 16;
const STILL_GROWS = 0.5;
const LISTENING: readonly string[] = ['event-emitter', 'event-target'];
/** What can be filled up, so that what it does then is seen. */
export const FILLABLE: readonly string[] = ['map', 'set', 'array', 'numbers', 'object'];
/** Time-driven growth is looked at again after so long; longer where nothing came, since timers come late on a starved host. */
const LATER_MS = 400;
const MOST_LOOKS = 4;

/** Drives the subjects of all tracks on until their owners stop to grow, or have grown for so long that nothing will stop them. */
export async function saturate(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  await readSizes(run, tracks);
  for (const burst of BURSTS) {
    const open = tracks.filter(
      (track) => isOpen(track) && (track.index >= 0 || track.boundCalls < UNSIZED_CALLS),
    );
    // Whether anything is a leak rests on some further calls: the first are made however late it is.
    if (open.length === 0 || (run.isShortOfTime && burst !== BURSTS[0])) break;
    const counts = burstCounts(run, open, burst);
    if (counts.every((count) => count === 0)) break;
    const before = answeredCalls(run);
    await run.calls('fresh', counts, burst === BURSTS[0] ? { leastMs: LEAST_FIRST_BURST_MS } : {});
    const changes = await readSizes(run, tracks);
    const after = answeredCalls(run);
    const made = after.map((calls, index) => calls - (before[index] ?? 0));
    for (const track of open) judgeBurst(run, track, changes.get(track) ?? 0, made);
  }
}

/** Calls that went as they were meant to: what failed is no reason to grow. */
function answeredCalls(run: LeakRun): readonly number[] {
  return run.tallies.map(({ calls, errors }) => calls - errors);
}

function isOpen(track: Track): boolean {
  return track.bound === null && track.driver === 'calls' && track.subject !== null;
}

/** For each driver as many calls as its most growing owner can bear. */
function burstCounts(run: LeakRun, open: readonly Track[], burst: number): readonly number[] {
  const ownSession = open.some((track) => track.subject?.kind === 'session') ? Math.ceil(burst / 10) : 0;
  return run.drivers.map((_, index) => {
    const mine = open.filter((track) => track.subject !== null && driverOf(run, track.subject) === index);
    // Servers end the session that was idle longest, and that is not to be ours.
    if (mine.length === 0) return index === 0 ? ownSession : 0;
    const bytesPerCall = Math.max(...mine.map(bytesPerCallOf));
    const bearable = Math.max(1, Math.floor(MOST_BYTES / Math.max(1, bytesPerCall) / BURSTS.length));
    return Math.min(burst, bearable, Math.max(LEAST_CALLS, run.affordableCalls(index)));
  });
}

export function bytesPerCallOf({ candidate: { bytes, match } }: Track): number {
  return match === null ? 0 : bytes / match.calls;
}

function judgeBurst(run: LeakRun, track: Track, change: number, counts: readonly number[]): void {
  const calls = track.subject === null ? 0 : (counts[driverOf(run, track.subject)] ?? 0);
  if (calls === 0 || (track.perCall < 1 && calls * track.perCall < LEAST_EXPECTED)) return;
  track.boundCalls += calls;
  if (track.index < 0) return;
  const size = sizeOf(track);
  // Gone with what held it, as a session that the server ended.
  if (size === null) return;
  if (change < FLAT * track.perCall * calls) track.bound = { kind: 'plateau', size, calls: track.boundCalls };
}

/** What the fields of the owner and of those that hold it say: a limit, an age. */
export async function readDeclared(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  for (const track of tracks) {
    if (track.bound !== null || track.index < 0 || track.candidate.holders.length === 0) continue;
    // Nobody counts listeners to take old ones off.
    if (LISTENING.includes(track.candidate.owner.kind)) continue;
    const fields = await run.recording.fields(track.candidate.holders);
    track.bound = declaredBound(fields.flat(), sizeOf(track) ?? 0, track.candidate.owner.name);
  }
}

/** What a function does that takes an entry away. */
const TAKES_AWAY =
  /delete|clear|splice|shift|remove|evict|expire|close|dispose|destroy|clean|release|abort|end\(/i;

/** An entry that has a timer of its own, which takes it away, lives as long as that timer waits. */
export async function boundByTimers(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  const all = tracks.filter((track) => track.candidate.element.kind === 'timeout');
  const texts = await run.recording.functions(all.map(({ candidate }) => candidate.callbackId ?? 0));
  const timers = all.filter((_, i) => TAKES_AWAY.test(texts[i] ?? ''));
  for (const track of tracks) {
    if (track.bound !== null || track.subject === null) continue;
    const timer = timers.find(
      ({ subject, candidate, bound }) =>
        subject?.name === track.subject?.name &&
        bound?.kind === 'ttl' &&
        candidate.counts.join() === track.candidate.counts.join(),
    );
    if (timer?.bound?.kind === 'ttl') track.bound = timer.bound;
  }
  await boundByHeldTimers(run, tracks);
}

/** The same, where the entry itself holds its timer: a session with the time after which it is ended. */
async function boundByHeldTimers(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  const held = tracks.filter(
    ({ bound, subject, candidate }) => bound === null && subject !== null && candidate.heldTimer !== null,
  );
  const texts = await run.recording.functions(
    held.map(({ candidate }) => candidate.heldTimer?.callbackId ?? 0),
  );
  for (const [i, track] of held.entries()) {
    const { heldTimer } = track.candidate;
    if (heldTimer === null || !TAKES_AWAY.test(texts[i] ?? '')) continue;
    track.bound = { kind: 'ttl', ttlMs: heldTimer.delayMs, property: '_idleTimeout' };
  }
}

/**
 * A cache keeps its entries in one part and where they are in another: what bounds one part bounds the others, and the
 * whole of which it is a part when that grew alike. That holds against what was counted in a snapshot, too: of a cache that was just about to be
 * full when the last calls began, all of their entries live.
 */
export function boundByOtherParts(tracks: readonly Track[]): void {
  for (const track of tracks) {
    const isCounted = track.index < 0 && track.bound?.kind === 'none' && track.bound.calls > 0;
    if (track.bound !== null && !isCounted) continue;
    const other = tracks.find(
      (part) =>
        part.bound !== null &&
        part.bound.kind !== 'none' &&
        part.bound.kind !== 'undecided' &&
        part.subject?.name === track.subject?.name &&
        (arePartsOfOne(track, part) || (areParts(track, part) && grewAlike(track, part))) &&
        (!isCounted || grewAlike(track, part)),
    );
    if (other !== undefined) track.bound = other.bound;
  }
}

function arePartsOfOne(a: Track, b: Track): boolean {
  const [holder] = a.candidate.holders;
  return holder !== undefined && b.candidate.holders[0] === holder;
}

/** Two parts of one object, or one and the object itself. */
function areParts(a: Track, b: Track): boolean {
  return (
    arePartsOfOne(a, b) ||
    a.candidate.heapId === b.candidate.holders[0] ||
    b.candidate.heapId === a.candidate.holders[0]
  );
}

function grewAlike(a: Track, b: Track): boolean {
  return a.candidate.counts.every((count, round) => count === b.candidate.counts[round]);
}

/** Fills what still grows up to a hundred thousand, far beyond any limit that could have been reached by calls. */
export async function fillUp(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  const filled = new Map<Track, number>();
  const before = new Map<Track, number | null>();
  for (const track of tracks) {
    if (track.bound !== null || track.index < 0 || !FILLABLE.includes(track.candidate.owner.kind)) continue;
    if (track.subject === null && track.driver === 'calls') continue;
    const upTo = track.candidate.owner.kind === 'object' ? KEYS_UP_TO : FILLED_UP_TO;
    const size = await run.recording.fill(track.index, upTo);
    if (size === null || size < upTo) continue;
    filled.set(track, size);
    before.set(track, sizeOf(track));
  }
  if (filled.size === 0) return;
  const full = [...filled.keys()];
  const answered = await growSome(run, full);
  await readSizes(run, full);
  const expectedOf = (track: Track): number =>
    track.subject === null
      ? (track.idlePerSecond * LATER_MS) / 1000
      : track.perCall * (answered[driverOf(run, track.subject)] ?? 0);
  const grew = (track: Track): boolean =>
    (sizeOf(track) ?? 0) - (filled.get(track) ?? 0) >= STILL_GROWS * expectedOf(track);
  const timed = full.filter((track) => track.driver === 'time');
  for (let look = 0; look < MOST_LOOKS && timed.some((track) => !grew(track)); look++) {
    await pause(LATER_MS);
    await readSizes(run, full);
  }
  for (const [track, size] of filled) {
    const after = sizeOf(track);
    const expected = expectedOf(track);
    // Calls that fail on what it was filled with tell nothing; and what takes more when it is full has no end here, however
    // much more it was expected to take.
    const mostAtAnEnd = Math.min(STILL_GROWS * expected, LEAST_EXPECTED);
    if (after !== null && expected >= 1 && after - size < mostAtAnEnd)
      track.bound = { kind: 'plateau', size: after, calls: track.boundCalls };
    else track.sizes.splice(-1, 1, before.get(track) ?? null);
  }
}

/** Makes them all grow as they do; how many calls of each driver were answered. */
async function growSome(run: LeakRun, full: readonly Track[]): Promise<readonly number[]> {
  const drivers = new Set(full.flatMap(({ subject }) => (subject === null ? [] : [driverOf(run, subject)])));
  const before = answeredCalls(run);
  await run.calls(
    'fresh',
    run.drivers.map((_, i) => (drivers.has(i) ? CALLS_WHEN_FULL : 0)),
  );
  return answeredCalls(run).map((calls, index) => calls - (before[index] ?? 0));
}

/** The verdict on what has none yet. */
export function concludeBound(track: Track): HeapGrowth['bound'] {
  if (track.bound !== null) return track.bound;
  const sizes = track.sizes.filter((size) => size !== null);
  if (track.driver === 'time' || track.boundCalls > 0)
    return { kind: 'none', calls: track.boundCalls, sizes };
  return {
    kind: 'undecided',
    why: 'the time was used up before its limit could be looked for (raise --budget)',
  };
}
