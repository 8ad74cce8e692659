import { ANY_REQUEST, ANY_TOOL } from '../../derive/heap/growth/coded-match.ts';
import type { HeapSubject } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { LeakRun } from './leak-run.ts';
import { readSizes } from './track.ts';
import type { Track } from './track.ts';

/** Long enough for a timer of a tenth of a second to come three times. */
const IDLE_MS = 400;
/** What grows by more than this while nobody calls is driven by time. */
const IDLE_ELEMENTS = 2;
/** Calls with arguments that were used before; a cache keyed by argument keeps nothing of them. */
const REPEATED_CALLS = 24;
const KEYED_SHARE = 0.1;
/** Calls of one subject alone: enough for one that leaks on every fourth call to show. */
const ALONE_CALLS = 24;
const ALONE_ELEMENTS = 3;
/** By how much the subject must lead before the next. */
const CLEARLY = 2;

/** Idle time and repeated arguments: what grows by time, and what is kept by argument. */
export async function separateCauses(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  await readSizes(run, tracks);
  const startedAtMs = monotonicMs();
  await run.idle(IDLE_MS);
  const idle = await readSizes(run, tracks);
  const seconds = (monotonicMs() - startedAtMs) / 1000;
  for (const track of tracks) {
    const grown = idle.get(track) ?? 0;
    track.laterCounts.push(Math.max(0, grown));
    if (grown <= IDLE_ELEMENTS || track.proof === 'exact') continue;
    track.driver = 'time';
    track.idlePerSecond = grown / seconds;
    track.subject = null;
    track.proof = 'none';
  }
  const repeated = run.drivers.map((driver) =>
    driver.freshArguments && driver.subject.manner === 'answered' ? REPEATED_CALLS : 0,
  );
  await run.round('repeat', repeated);
  const again = await readSizes(run, tracks);
  for (const track of tracks) {
    const grown = again.get(track) ?? 0;
    track.laterCounts.push(Math.max(0, grown));
    if (track.driver === 'time' || track.subject === null || track.index < 0) continue;
    const { name, manner } = track.subject;
    const calls =
      repeated[run.subjects.findIndex((each) => each.name === name && each.manner === manner)] ?? 0;
    if (calls > 0) track.keyed = grown < KEYED_SHARE * track.perCall * calls;
  }
}

/** Calls each subject alone, for what grew but followed nobody's calls exactly. */
export async function isolate(run: LeakRun, tracks: readonly Track[]): Promise<void> {
  const unclear = tracks.filter(
    (track) => track.index >= 0 && track.driver === 'calls' && track.proof !== 'exact',
  );
  if (unclear.length === 0) return;
  const grown = new Map<Track, number[]>(unclear.map((track) => [track, []]));
  await readSizes(run, tracks);
  for (const [index] of run.drivers.entries()) {
    // Who was not called cannot be ruled out.
    if (run.isShortOfTime) return;
    await callAlone(run, index);
    const changes = await readSizes(run, tracks);
    for (const track of unclear) grown.get(track)?.push(changes.get(track) ?? 0);
  }
  for (const track of unclear) attribute(run, track, grown.get(track) ?? []);
}

/** Between sessions of others our own is used now and then: servers end the one that was idle longest. */
async function callAlone(run: LeakRun, index: number): Promise<void> {
  const isSession = run.subjects[index]?.kind === 'session';
  const parts = isSession ? 3 : 1;
  for (let part = 0; part < parts; part++) {
    const counts = run.drivers.map((_, i) =>
      i === index ? ALONE_CALLS / parts : i === 0 && isSession ? 1 : 0,
    );
    await run.calls('fresh', counts, 0);
  }
}

/** Whose calls alone made it grow: one subject's, or everybody's alike. `grown` is by driver. */
function attribute(run: LeakRun, track: Track, grown: readonly number[]): void {
  const most = Math.max(0, ...grown);
  if (most < ALONE_ELEMENTS) return clearOf(track);
  const responding = grown.flatMap((change, index) => (change * CLEARLY > most ? [index] : []));
  const subjectsOf = (indexes: readonly number[]): readonly HeapSubject[] =>
    indexes.flatMap((index) => run.subjects[index] ?? []);
  const names = new Set(subjectsOf(responding).map(({ name }) => name));
  const own = subjectsOf(responding).find(({ manner }) => manner === 'answered') ?? subjectsOf(responding)[0];
  const subject = names.size === 1 ? own : everybody(run.subjects, names);
  if (subject === undefined) return clearOf(track);
  track.subject = subject;
  track.proof = 'alone';
  track.perCall = Math.max(...responding.map((index) => grown[index] ?? 0)) / ALONE_CALLS;
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
