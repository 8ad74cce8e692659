import { cpus, loadavg } from 'node:os';
import type { HeapRecording } from '../../collect/index.ts';
import type { MemoryTrend } from '../../evidence/index.ts';

/** Measured, the worst of Node 20 to 24: taking a snapshot made a process 9.8 times as large as its heap. */
const BYTES_PER_HEAP_BYTE = 9;
/** Measured: 5 µs for each object, of 34 bytes each in the worst of heaps. */
const WORST_MS_PER_HEAP_BYTE = 0.005 / 34;
/**
 * A collection visits every object that a snapshot has: measured on heaps of small objects, long texts, numbers and maps,
 * a snapshot takes 19 to 48 times its CPU time on Node 22 to 26, and 34 to 70 times on Node 20 (more where a million
 * closures are held). On a crowded machine a collection of a small heap took up to five times the CPU time of a quiet one, so
 * no more is expected than what a byte of an ordinary heap takes (5 to 380 ns, of the heaps of servers some 30). The lower
 * of the two: what does not fit by this does not fit, and once the first one is taken it tells itself what the others will take.
 */
const COLLECTIONS = 25;
const MS_PER_HEAP_BYTE = 60e-6;
/** The process that takes a snapshot does nothing else, so that it gets a core as often as any: others take one turn in two. */
const MOST_CROWDED = 2;
/** Reading the snapshot that is analysed, and all that is held by what in it, beside taking it. */
const ANALYSED = 1.5;
/** Others ran during the snapshot: as many again of its CPU time is what the next one may be held for. */
const CPU_TIME_AND_OTHERS = 2;

/** What a heap snapshot costs the process at most: memory while it is taken, and how long it stands still. */
export function snapshotCost(heapUsedBytes: number): {
  readonly memoryBytes: number;
  readonly pauseMs: number;
} {
  return {
    memoryBytes: heapUsedBytes * BYTES_PER_HEAP_BYTE,
    pauseMs: heapUsedBytes * WORST_MS_PER_HEAP_BYTE,
  };
}

/** A snapshot that was taken: how long it held the server, and what CPU it took. */
export interface Pause {
  readonly pauseMs: number;
  readonly cpuMs: number;
}

/** What is known of a heap before it is written out. */
export interface HeapToTake {
  readonly heapUsedBytes: number;
  readonly collectionCpuMs: number;
}

/**
 * How long the next snapshot will hold the server. Before the first, by the size of the heap, what a collection takes and
 * whether others want the cores; then by what the last one took: its time on the clock, unless most of that was waiting for
 * a core, which the next one need not.
 */
export function expectedPauseMs(
  { heapUsedBytes, collectionCpuMs }: HeapToTake,
  last: Pause | undefined,
  loadPerCore: number = currentLoadPerCore(),
): number {
  if (last !== undefined) return Math.min(last.pauseMs, CPU_TIME_AND_OTHERS * last.cpuMs);
  const cpuMs = Math.min(collectionCpuMs * COLLECTIONS, heapUsedBytes * MS_PER_HEAP_BYTE);
  return cpuMs * Math.min(MOST_CROWDED, Math.max(1, loadPerCore));
}

function currentLoadPerCore(): number {
  return (loadavg()[0] ?? 0) / Math.max(1, cpus().length);
}

/** The time of so many snapshots, of which the last is read whole. */
export function snapshotsMs(snapshots: number, pauseMs: number): number {
  return (snapshots - 1 + ANALYSED) * pauseMs;
}

/** Why no snapshot is to be taken for want of memory: it could kill the server. Null when there is enough. */
export function memoryRefusal(heapUsedBytes: number, room: ReturnType<HeapRecording['room']>): string | null {
  const { memoryBytes: wanted } = snapshotCost(heapUsedBytes);
  return wanted > room.freeBytes
    ? `a heap snapshot of ${megabytes(heapUsedBytes)} needs up to ${megabytes(wanted)}, and ${megabytes(room.freeBytes)} are free`
    : null;
}

/** The least that anything can be seen with: one before the calls, and one after them, read whole. */
const FEWEST_SNAPSHOTS = 2;

/** Why not even the fewest snapshots are to be taken, for want of memory or of time. Null when they are. */
export function snapshotRefusal(options: {
  readonly heapUsedBytes: number;
  readonly collectionCpuMs: number;
  readonly room: ReturnType<HeapRecording['room']>;
  readonly leftMs: number;
  readonly loadPerCore?: number;
}): string | null {
  const { heapUsedBytes, collectionCpuMs, room, leftMs, loadPerCore } = options;
  const pauseMs = expectedPauseMs({ heapUsedBytes, collectionCpuMs }, undefined, loadPerCore);
  return (
    memoryRefusal(heapUsedBytes, room) ??
    (snapshotsMs(FEWEST_SNAPSHOTS, pauseMs) > leftMs
      ? `a heap snapshot of ${megabytes(heapUsedBytes)} will hold the server for ${seconds(pauseMs)} or more here, too long to take two in the ${seconds(Math.max(0, leftMs))} that are left`
      : null)
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** What was seen of memory outside V8's heap, before any snapshot. */
export interface NativeMemory {
  readonly trends: readonly MemoryTrend[];
  readonly notCovered: readonly string[];
}

/** Snapshots are not affordable, before the first or after it; said in the report. */
export class SnapshotsRefused extends Error {
  readonly native: NativeMemory;
  constructor(why: string, native: NativeMemory) {
    super(why);
    this.name = 'SnapshotsRefused';
    this.native = native;
  }
}

/** Why no more was seen. */
export function tooSlow(last: Pause | undefined): string {
  return `a heap snapshot held the server for ${seconds(last?.pauseMs ?? 0)}, too long to see more in the time`;
}

/** Nothing could be seen that a verdict could rest on; the message says why. */
export class NotExamined extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NotExamined';
  }
}

/** Memory that grew with the calls, nobody knows whose and for how long: where nothing was found, that is no clear verdict. */
export function refuseClear({ trends, notCovered }: NativeMemory): void {
  if (trends.length === 0 && notCovered.length > 0)
    throw new NotExamined(notCovered.map((sentence) => sentence.replace(/\.$/, '')).join('; '));
}
