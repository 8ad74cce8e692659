import type { HeapMemory } from '../../collect/index.ts';
import { memoryTrends } from '../../derive/heap/growth/trends.ts';
import type { HandleCandidate } from '../../derive/heap/growth/handles.ts';
import type {
  HandleGrowth,
  HeapGrowth,
  HeapGrowthEvidence,
  HeapSubject,
  MemoryTrend,
} from '../../evidence/index.ts';
import { assignmentSite } from './assignment-site.ts';
import type { LeakRun } from './leak-run.ts';
import { bytesPerCallOf, concludeBound } from './live-bounds.ts';
import { usualStack } from './live-sites.ts';
import type { Sites } from './live-sites.ts';
import { driverOf, sizeOf } from './track.ts';
import type { Track } from './track.ts';

export interface HeapFindings {
  readonly tracks: readonly Track[];
  readonly handles: readonly HandleCandidate[];
  /** Growth of memory outside V8's heap that V8 does not count. */
  readonly native: readonly MemoryTrend[];
  /** Memory after the further calls. */
  readonly after: HeapMemory;
  /** Calls of each driver until then. */
  readonly made: readonly number[];
  readonly sites: Sites;
  readonly notCovered: readonly string[];
}

/** Of one number in a list of numbers. */
const BYTES_PER_NUMBER = 8;
/** Of what more calls should have opened, what counts as opening on. */
const STILL_OPENS = 0.5;

/** Puts everything that was learnt on record. */
export function heapEvidence(run: LeakRun, found: HeapFindings): HeapGrowthEvidence {
  const growths = found.tracks
    .map((track) => growthOf(run, track))
    .toSorted((a, b) => b.bytesPerCall - a.bytesPerCall);
  return {
    ...evidenceHead(run, found.after, found.notCovered),
    by: 'snapshot',
    whySampling: null,
    growths,
    trends: [...trendsOf(run, growths), ...found.native],
    handles: found.handles.map((handle) => handleOf(run, handle, found)),
  };
}

/** What was done, whatever was found. */
export function evidenceHead(
  run: LeakRun,
  last: HeapMemory,
  notCovered: readonly string[],
): Pick<HeapGrowthEvidence, 'subjects' | 'rounds' | 'timeline' | 'limits' | 'snapshots' | 'notCovered'> {
  return {
    subjects: run.drivers.map(({ subject, freshArguments, failsWith }, i) => ({
      ...subject,
      calls: run.tallies[i]?.calls ?? 0,
      errors: run.tallies[i]?.errors ?? 0,
      firstError: failsWith?.() ?? run.tallies[i]?.firstError ?? null,
      freshArguments,
    })),
    rounds: run.rounds,
    timeline: run.timeline,
    limits: { heapBytes: last.heapLimitBytes, memoryBytes: run.recording.room().limitBytes },
    snapshots: run.snapshots,
    notCovered,
  };
}

function growthOf(run: LeakRun, track: Track): HeapGrowth {
  const { candidate } = track;
  const { match } = candidate;
  // Found by calling it alone: how many bytes an element takes, the rounds tell.
  const elements = candidate.counts.reduce((sum, count) => sum + count, 0);
  const ofNumbers = candidate.element.kind === 'number' ? BYTES_PER_NUMBER : 0;
  const bytesPerElement = elements === 0 ? ofNumbers : candidate.bytes / elements;
  const byCalls = track.driver === 'calls' && track.subject !== null;
  const bytesPerCall = !byCalls
    ? 0
    : match === null
      ? bytesPerElement * track.perCall
      : bytesPerCallOf(track);
  const perByte = candidate.bytes === 0 ? 0 : bytesPerCall / candidate.bytes;
  const counts = [...candidate.counts, ...track.laterCounts];
  return {
    subject: track.subject,
    driver: track.driver,
    proof: track.proof,
    startedBy: track.startedBy,
    counts: run.rounds.map((_, r) => counts[r] ?? 0),
    objectsPerCall: byCalls ? track.perCall : 0,
    bytesPerCall,
    externalBytesPerCall: candidate.externalBytes * perByte,
    objectsPerSecondIdle: track.idlePerSecond,
    bytesPerSecondIdle: track.idlePerSecond * bytesPerElement,
    keyed: track.keyed,
    owner: { ...candidate.owner, size: sizeOf(track) },
    element: candidate.element,
    holds: candidate.holds.map(({ className, kind, count, bytes }) => ({
      className,
      kind,
      perCall: elements === 0 ? 0 : (count / elements) * track.perCall,
      bytesPerCall: bytes * perByte,
    })),
    path: candidate.path,
    site: track.site.length > 0 ? track.site : assignedAt(track),
    removals: track.removals,
    bound: concludeBound(track),
  };
}

/** What no trap can be laid at is assigned to. */
function assignedAt({ candidate: { owner, slot } }: Track): HeapGrowth['site'] {
  if (owner.kind !== 'scope' && owner.kind !== 'linked-list') return [];
  return owner.file === null || slot === null ? [] : assignmentSite(owner.file, slot);
}

function trendsOf(run: LeakRun, growths: readonly HeapGrowth[]): readonly MemoryTrend[] {
  // Those after the rounds, not the one after the further calls.
  const counted = run.rounds.filter(({ kind }) => kind === 'warm-up' || kind === 'fresh').length;
  const readings = run.memories.slice(0, counted).map(({ after }) => after);
  return memoryTrends(readings, run.rounds.slice(0, readings.length), run.subjects).map((trend) => ({
    ...trend,
    explainedBytesPerCall: growths
      .filter(({ subject }) => isSame(subject, trend.subject))
      .reduce((sum, growth) => sum + growth.externalBytesPerCall, 0),
  }));
}

function handleOf(run: LeakRun, handle: HandleCandidate, { after, made, sites }: HeapFindings): HandleGrowth {
  const driver = handle.subject === null ? -1 : driverOf(run, handle.subject);
  const then = run.rounds.slice(0, handle.readings.length);
  const before = then.reduce((sum, round) => sum + (round.calls[driver] ?? 0), 0);
  const further = (made[driver] ?? 0) - before;
  const now =
    after.resources[handle.resource] ?? after.descriptors?.[handle.resource.replace(/ descriptor$/, '')] ?? 0;
  const grown = now - (handle.readings.at(-1) ?? 0);
  const goesOn = further > 0 && grown >= STILL_OPENS * handle.perCall * further;
  return {
    ...handle,
    site: usualStack(
      (sites.opened.get(driver) ?? []).filter((record) => opens(record.resource ?? '', handle)),
    ),
    bound: goesOn
      ? { kind: 'none', calls: further, sizes: [...handle.readings, now] }
      : further > 0
        ? { kind: 'plateau', size: now, calls: further }
        : { kind: 'undecided', why: 'no further calls were made after the rounds (raise --budget)' },
  };
}

/** Hooks and lists name the same resource in two ways: `TCPWRAP`, `TCPSocketWrap`. */
function opens(resource: string, { resource: listed, kind }: HandleCandidate): boolean {
  const bare = (name: string): string => name.toLowerCase().replaceAll(/wrap|socket|connect/g, '');
  if (bare(resource) === bare(listed)) return true;
  if (kind === 'file') return resource === 'FILEHANDLE';
  return kind === 'socket' && /^(TCP|PIPE|UDP|TLS)/.test(resource);
}

function isSame(a: HeapSubject | null, b: HeapSubject | null): boolean {
  return a !== null && b !== null && a.name === b.name;
}
