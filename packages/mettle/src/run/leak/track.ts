import type { GrowthCandidate } from '../../derive/heap/growth/screen.ts';
import type { Frame, GrowthBound, GrowthProof, HeapSubject } from '../../evidence/index.ts';
import type { LeakRun } from './leak-run.ts';

/** A candidate with what was learnt of it at the live object. */
export interface Track {
  readonly candidate: GrowthCandidate;
  /** Place among the watched objects; -1 when it has no size that could be read. */
  index: number;
  subject: HeapSubject | null;
  proof: GrowthProof;
  perCall: number;
  driver: 'calls' | 'time';
  idlePerSecond: number;
  keyed: boolean | null;
  /** How much it grew by calls with arguments that were used before; null when it was not looked at. */
  repeatedGrowth: number | null;
  /** Sizes since the screening; null when the object has gone. */
  readonly sizes: (number | null)[];
  /** Calls of its subject that were made to find its bound. */
  boundCalls: number;
  removals: number | null;
  site: readonly Frame[];
  startedBy: HeapSubject | null;
  bound: GrowthBound | null;
  /** Elements by later round than those of the screening, by the change of its size. */
  readonly laterCounts: number[];
}

export function trackOf(candidate: GrowthCandidate, index: number): Track {
  const { match, element } = candidate;
  return {
    candidate,
    index,
    subject: match?.subject ?? null,
    proof: match?.proof ?? 'none',
    perCall: match?.perCall ?? 0,
    driver: 'calls',
    idlePerSecond: 0,
    keyed: null,
    repeatedGrowth: null,
    sizes: [],
    boundCalls: 0,
    removals: null,
    site: [],
    startedBy: null,
    bound: boundAtOnce(element),
    laterCounts: [],
  };
}

/** Timers say themselves how long they live: until they are cleared, which these were not, or for their delay. */
function boundAtOnce(element: GrowthCandidate['element']): GrowthBound | null {
  if (element.kind === 'interval') return { kind: 'none', calls: 0, sizes: [] };
  if (element.kind === 'timeout' && element.delayMs !== null)
    return { kind: 'ttl', ttlMs: element.delayMs, property: '_idleTimeout' };
  return null;
}

export function sizeOf(track: Track): number | null {
  return track.sizes.at(-1) ?? null;
}

/** Reads all sizes; how much each track's size changed since the last reading (0 when it cannot be told). */
export async function readSizes(run: LeakRun, tracks: readonly Track[]): Promise<ReadonlyMap<Track, number>> {
  const sizes = await run.recording.sizes();
  const changes = new Map<Track, number>();
  for (const track of tracks) {
    if (track.index < 0) continue;
    const before = sizeOf(track);
    const now = sizes[track.index] ?? null;
    // Nothing to be had of it from the first on: it is counted in a snapshot, as what has no size.
    if (now === null && track.sizes.length === 0) {
      track.index = -1;
      continue;
    }
    track.sizes.push(now);
    changes.set(track, before === null || now === null ? 0 : now - before);
  }
  return changes;
}

/** The driver that makes the subject's calls; of what several make, the first of them. -1 when none does. */
export function driverOf(run: LeakRun, subject: HeapSubject): number {
  const same = run.subjects.findIndex(
    ({ name, manner }) => name === subject.name && manner === subject.manner,
  );
  if (same >= 0) return same;
  return run.subjects.findIndex(({ kind }) => (subject.name === 'tools/call' ? kind === 'tool' : true));
}
