import { setTimeout as pause } from 'node:timers/promises';
import { ANY_REQUEST, ANY_TOOL } from '../../derive/heap/growth/coded-match.ts';
import type { HeapSubject } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { median } from '../../stats/index.ts';
import type { LeakRun } from './leak-run.ts';
import { FILLABLE } from './live-bounds.ts';
import { readSizes } from './track.ts';
import type { Track } from './track.ts';

/** Long enough for a timer of a tenth of a second to come three times. */
const IDLE_MS = 400;
/** What grows by more than this while nobody calls is driven by time. */
const IDLE_ELEMENTS = 2;
/** More looks at it, where the first saw growth. */
const MOST_LOOKS = 3;
/** Calls with arguments that were used before; a cache keyed by argument keeps nothing of them. */
const REPEATED_CALLS = 24;
const KEYED_SHARE = 0.1;
const SHARE_OF_REPEATING = 0.1;
/** Calls of one subject alone: enough for one that leaks on every fourth call to show. */
const ALONE_CALLS = 24;
const ALONE_ELEMENTS = 3;
/** By how much the subject must lead before the next. */
const CLEARLY = 2;

/** Idle time and repeated arguments: what grows by time, and what is kept by argument. */
export async function separateCauses(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  await whileNobodyCalls(run, tracks);
  const repeated = repeatedCalls(run);
  await run.round('repeat', repeated, SHARE_OF_REPEATING);
  const again = await readSizes(run, tracks);
  for (const track of tracks) {
    const grown = again.get(track) ?? 0;
    track.laterCounts.push(Math.max(0, grown));
    if (track.driver === 'time' || track.index < 0) continue;
    track.repeatedGrowth = grown;
    tellKeyed(run, track);
  }
}

function repeatedCalls(run: LeakRun): readonly number[] {
  return run.drivers.map((driver) =>
    driver.freshArguments && driver.subject.manner === 'answered' ? REPEATED_CALLS : 0,
  );
}

/** Whether it keeps by argument, as soon as it is known whose calls make it grow. */
function tellKeyed(run: LeakRun, track: Track): void {
  if (track.subject === null || track.repeatedGrowth === null) return;
  const { name, manner } = track.subject;
  const index = run.subjects.findIndex((each) => each.name === name && each.manner === manner);
  const calls = repeatedCalls(run)[index] ?? 0;
  if (calls > 0) track.keyed = track.repeatedGrowth < KEYED_SHARE * track.perCall * calls;
}

/**
 * What grows while nobody calls is driven by time, or is what the last calls had left to do: what can be filled shows the
 * difference when it is full, the rest is looked at again.
 */
async function whileNobodyCalls(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  await readSizes(run, tracks);
  const startedAtMs = monotonicMs();
  await run.idle(IDLE_MS);
  const first = await readSizes(run, tracks);
  const again = new Map<Track, number>();
  const grows = (track: Track): boolean => track.proof !== 'exact' && (first.get(track) ?? 0) > IDLE_ELEMENTS;
  const isToGrowAgain = (track: Track): boolean =>
    grows(track) && !FILLABLE.includes(track.candidate.owner.kind);
  const grew = (track: Track): boolean => (again.get(track) ?? 0) > IDLE_ELEMENTS;
  // On a starved host timers come late.
  for (
    let look = 0;
    look < MOST_LOOKS && tracks.some((track) => isToGrowAgain(track) && !grew(track));
    look++
  ) {
    await pause(IDLE_MS);
    for (const [track, change] of await readSizes(run, tracks))
      again.set(track, (again.get(track) ?? 0) + change);
  }
  const seconds = (monotonicMs() - startedAtMs) / 1000;
  for (const track of tracks) {
    const grown = first.get(track) ?? 0;
    track.laterCounts.push(Math.max(0, grown));
    if (!grows(track) || (isToGrowAgain(track) && !grew(track))) continue;
    track.driver = 'time';
    track.idlePerSecond = (grown + (again.get(track) ?? 0)) / seconds;
    track.subject = null;
    track.proof = 'none';
  }
}

/**
 * Calls each subject alone, for what grew but followed nobody's calls exactly. Resolves with what there was no time for: of
 * those it is not known whether anybody's calls make them grow.
 */
export async function isolate(run: LeakRun, tracks: readonly Track[]): Promise<readonly Track[]> {
  const unclear = tracks.filter(
    (track) => track.index >= 0 && track.driver === 'calls' && track.proof !== 'exact',
  );
  if (unclear.length === 0) return [];
  const grown = new Map<Track, number[]>(unclear.map((track) => [track, []]));
  await readSizes(run, tracks);
  for (const [index, { subject }] of run.drivers.entries()) {
    const made = await callAlone(run, index);
    // Who was not called, or too rarely, cannot be ruled out; and what few rounds say of whose it is was to be shown here.
    if (run.isShortOfTime || made < ALONE_CALLS / 2)
      return unclear.filter((track) => track.subject === null || track.proof === 'none');
    const changes = await (isBrokenOff(subject)
      ? settledChanges(run, tracks, unclear)
      : readSizes(run, tracks));
    const perCalls = ALONE_CALLS / made / mostCallsOfOne(subject);
    for (const track of unclear) grown.get(track)?.push((changes.get(track) ?? 0) * perCalls);
  }
  for (const track of unclear) attribute(run, track, grown.get(track) ?? []);
  return [];
}

/** Of the time that is left, half for all of them together. */
const SHARE_ALONE = 0.5;

/**
 * Between sessions of others our own is used now and then: servers end the one that was idle longest. How many calls
 * were made.
 */
async function callAlone(run: LeakRun, index: number): Promise<number> {
  const isSession = run.subjects[index]?.kind === 'session';
  const parts = isSession ? 3 : 1;
  let made = 0;
  for (let part = 0; part < parts; part++) {
    const counts = run.drivers.map((_, i) =>
      i === index ? ALONE_CALLS / parts : i === 0 && isSession ? 1 : 0,
    );
    const share = SHARE_ALONE / (run.drivers.length - index) / parts;
    made += (await run.calls('fresh', counts, { settleMs: 0, share }))[index] ?? 0;
  }
  return made;
}

/** A server learns later than its client that this has cancelled, or is gone: what it then leaves behind is no other's. */
function isBrokenOff({ manner }: HeapSubject): boolean {
  return manner !== 'answered' && manner !== 'failed';
}

/** A server on a busy machine gets to it late: nothing is to have come for so many looks, one after the other. */
const QUIET_LOOKS = 2;
const LOOK_MS = 60;
const MOST_QUIET_LOOKS = 10;

/** `unclear`: what is waited for; the others may go on growing by time. */
async function settledChanges(
  run: LeakRun,
  tracks: readonly Track[],
  unclear: readonly Track[],
): Promise<ReadonlyMap<Track, number>> {
  const changes = new Map(await readSizes(run, tracks));
  for (let quiet = 0, look = 0; quiet < QUIET_LOOKS && look < MOST_QUIET_LOOKS; look++) {
    await pause(LOOK_MS);
    const more = await readSizes(run, tracks);
    for (const [track, change] of more) changes.set(track, (changes.get(track) ?? 0) + change);
    quiet = unclear.every((track) => (more.get(track) ?? 0) === 0) ? quiet + 1 : 0;
  }
  return changes;
}

/** A session's life calls one tool several times: what each call leaves behind comes so many times as often. */
function mostCallsOfOne({ makes = [] }: HeapSubject): number {
  const counts = makes.map(({ name }) => makes.filter((other) => other.name === name).length);
  return Math.max(1, ...counts);
}

/** Whose calls alone made it grow: one subject's, or everybody's alike. `grown` is by driver. */
function attribute(run: LeakRun, track: Track, grown: readonly number[]): void {
  const most = Math.max(0, ...grown);
  if (most < ALONE_ELEMENTS) return clearOf(track);
  const responding = grown.flatMap((change, index) => (change * CLEARLY > most ? [index] : []));
  const subjectsOf = (indexes: readonly number[]): readonly HeapSubject[] =>
    indexes.flatMap((index) => run.subjects[index] ?? []);
  const found = withoutLives(subjectsOf(responding));
  const names = new Set(found.map(({ name }) => name));
  const own = found.find(({ manner }) => manner === 'answered') ?? found[0];
  const subject = names.size === 1 ? own : everybody(run.subjects, names);
  if (subject === undefined) return clearOf(track);
  track.subject = subject;
  track.proof = 'alone';
  const ofThem = responding.filter((index) => found.includes(run.subjects[index] as HeapSubject));
  const each = ofThem.map((index) => grown[index] ?? 0);
  // Of many the most has what another left behind late.
  track.perCall = (names.size === 1 ? Math.max(...each) : median(each)) / ALONE_CALLS;
  tellKeyed(run, track);
}

/** Sessions call tools in their lives: what the calls alone leave behind as well is the tool's. */
function withoutLives(subjects: readonly HeapSubject[]): readonly HeapSubject[] {
  const calls = subjects.filter(({ kind }) => kind !== 'session');
  return calls.length > 0 ? calls : subjects;
}

/** What all tools do, or all requests whatever they are. */
function everybody(subjects: readonly HeapSubject[], names: ReadonlySet<string>): HeapSubject | undefined {
  const answered = subjects.filter(({ manner, kind }) => manner === 'answered' && kind !== 'session');
  const tools = answered.filter(({ kind }) => kind === 'tool');
  if (answered.length > 1 && answered.every(({ name }) => names.has(name))) return ANY_REQUEST;
  return tools.length > 1 && tools.every(({ name }) => names.has(name)) ? ANY_TOOL : undefined;
}

/** It grew in the rounds, but no subject makes it grow. */
function clearOf(track: Track): void {
  if (track.proof === 'correlated') return;
  track.subject = null;
  track.perCall = 0;
}
