import { setTimeout as pause } from 'node:timers/promises';
import type { TrappedGrowth } from '../../collect/index.ts';
import type { Frame, HeapSubject } from '../../evidence/index.ts';
import type { LeakRun } from './leak-run.ts';
import { driverOf } from './track.ts';
import type { Track } from './track.ts';

/** Where there is no time for one subject after the other: all that are left, together, for so long at most. */
const LEAST_TOGETHER_MS = 3000;
/** Calls with traps laid: more than one, since one may be the first of its kind. */
const TRAPPED_CALLS = 4;
/** For timers that feed what grows by time. */
const WAIT_MS = 100;
const WAITS = 8;

/** Where elements are added, and what is opened, one subject after the other. */
export interface Sites {
  /** Resources that calls of each driver left open, by driver. */
  readonly opened: ReadonlyMap<number, readonly TrappedGrowth[]>;
}

/**
 * Lays traps at all live owners that still grow and calls their subjects a few times more. `subjects`: whose calls leave
 * something open, besides.
 */
export async function findSites(
  run: LeakRun,
  tracks: readonly Track[],
  subjects: readonly HeapSubject[],
): Promise<Sites> {
  const growing = tracks.filter((track) => track.bound === null || track.bound.kind === 'none');
  const trapped = growing.filter((track) => track.index >= 0);
  const timers = tracks.some(({ candidate }) => ['interval', 'timeout'].includes(candidate.element.kind));
  await run.recording.trap(
    trapped.map((track) => track.index),
    timers || subjects.length > 0,
  );
  const drivers = new Set(
    [
      ...tracks.filter((track) => track.bound?.kind !== 'plateau').map((track) => track.subject),
      ...subjects,
    ].flatMap((subject) => (subject === null ? [] : [driverOf(run, subject)])),
  );
  const opened = new Map<number, readonly TrappedGrowth[]>();
  const left = new Set(drivers);
  const madeBy =
    (some: ReadonlySet<number>) =>
    ({ subject }: Track): boolean =>
      subject !== null && some.has(driverOf(run, subject));
  await run.recording.trapped();
  for (const driver of drivers) {
    // Where it grows is worth some seconds, not minutes; of one it is tried however late it is.
    if (run.leftMs < 0 && opened.size > 0) break;
    left.delete(driver);
    const records = await callTrapped(run, new Set([driver]));
    const mine = madeBy(new Set([driver]));
    for (const track of trapped.filter(mine)) take(track, records);
    const resources = records.filter((record) => record.resource !== null && !record.ended);
    opened.set(driver, resources);
    for (const track of tracks.filter(mine)) takeTimerSite(track, resources);
  }
  if (left.size > 0) {
    // An owner tells its own elements from others'; timers have none, and are not told apart so.
    const records = await callTrapped(run, left, LEAST_TOGETHER_MS);
    for (const track of trapped.filter(madeBy(left))) take(track, records);
  }
  const timed = trapped.filter((track) => track.driver === 'time');
  for (let waited = 0; waited < WAITS && timed.some(({ site }) => site.length === 0); waited++) {
    await pause(WAIT_MS);
    const records = await run.recording.trapped();
    for (const track of timed) take(track, records);
  }
  for (const track of timed) track.startedBy = startedBy(track, tracks);
  return { opened };
}

async function callTrapped(
  run: LeakRun,
  drivers: ReadonlySet<number>,
  leastMs?: number,
): Promise<readonly TrappedGrowth[]> {
  await run.calls(
    'fresh',
    run.drivers.map((_, i) => (drivers.has(i) ? TRAPPED_CALLS : 0)),
    leastMs === undefined ? {} : { leastMs },
  );
  return run.recording.trapped();
}

function take(track: Track, records: readonly TrappedGrowth[]): void {
  const mine = records.filter((record) => record.object === track.index);
  track.removals = (track.removals ?? 0) + mine.filter((record) => record.removed).length;
  if (track.site.length > 0) return;
  const added = mine.filter((record) => !record.removed);
  const kept = added.filter((record) => !record.ended);
  track.site = usualStack(kept.length > 0 ? kept : added);
}

/** A timer's element has no owner that could be trapped: its creation is what adds it. */
function takeTimerSite(track: Track, resources: readonly TrappedGrowth[]): void {
  const { kind, delayMs } = track.candidate.element;
  if (!['interval', 'timeout'].includes(kind) || track.site.length > 0) return;
  track.site = usualStack(timersOf(resources, delayMs));
}

/**
 * Of the timers, those that were set to what the leaking ones were, or what comes nearest: a call may set others that
 * have run already, and on a busy machine Node tells only later that they are gone.
 */
export function timersOf<Made extends Pick<TrappedGrowth, 'resource' | 'delayMs'>>(
  resources: readonly Made[],
  delayMs: number | null,
): readonly Made[] {
  const timers = resources.filter(({ resource }) => resource === 'Timeout');
  if (delayMs === null) return timers;
  const apart = (timer: Made): number => Math.abs((timer.delayMs ?? 0) - delayMs);
  const nearest = Math.min(...timers.map(apart));
  return timers.filter((timer) => apart(timer) === nearest);
}

/** The stack that came most often; of an empty one nothing can be told. */
export function usualStack(records: readonly Pick<TrappedGrowth, 'stack'>[]): readonly Frame[] {
  const counts = new Map<string, { count: number; stack: readonly Frame[] }>();
  for (const { stack } of records) {
    if (stack.length === 0) continue;
    const key = stack.map(({ file, line, column }) => `${file}:${line}:${column}`).join();
    const known = counts.get(key) ?? { count: 0, stack };
    known.count++;
    counts.set(key, known);
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count)[0]?.stack ?? [];
}

/** The subject whose timer's function is in the stack that adds; the only one whose timers run, when none is. */
function startedBy(track: Track, tracks: readonly Track[]): HeapSubject | null {
  const timers = tracks.filter(({ candidate }) => candidate.element.kind === 'interval');
  const named = timers.find(({ candidate }) => {
    const at = candidate.element.function;
    return (
      at !== null &&
      track.site.some(
        (frame) =>
          frame.file === at.file &&
          (frame.function === at.function || frame.line === at.line) &&
          frame.line >= at.line,
      )
    );
  });
  return (named ?? (timers.length === 1 ? timers[0] : undefined))?.subject ?? null;
}
