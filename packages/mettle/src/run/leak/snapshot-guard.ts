import type { HeapRecording } from '../../collect/index.ts';
import type { MemoryTrend } from '../../evidence/index.ts';

/** Measured, the worst of Node 20 to 24: taking a snapshot made a process 9.8 times as large as its heap. */
const BYTES_PER_HEAP_BYTE = 9;
/** Measured: 5 µs for each object, of 34 bytes each in the worst of heaps. */
const PAUSE_MS_PER_HEAP_BYTE = 0.005 / 34;
/** What a heap snapshot costs the process at most: memory while it is taken, and how long it stands still. */
export function snapshotCost(heapUsedBytes: number): {
  readonly memoryBytes: number;
  readonly pauseMs: number;
} {
  return {
    memoryBytes: heapUsedBytes * BYTES_PER_HEAP_BYTE,
    pauseMs: heapUsedBytes * PAUSE_MS_PER_HEAP_BYTE,
  };
}

/** Snapshots that one examination takes; usual heaps take a third of the worst one's time, which leaves the rest for calls. */
const PAUSES = 4;

/**
 * Why no snapshot is to be taken: it could kill the server for want of memory, or `pauses` of the worst of heaps would take
 * too long. Null when it may be.
 */
export async function snapshotRefusal(
  recording: HeapRecording,
  budgetMs: number,
  pauses: number = PAUSES,
): Promise<string | null> {
  const { heapUsedBytes } = (await recording.memory()).after;
  const { freeBytes } = recording.room();
  const { memoryBytes: wanted, pauseMs } = snapshotCost(heapUsedBytes);
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
  if (wanted > freeBytes)
    return `a heap snapshot of ${megabytes(heapUsedBytes)} needs up to ${megabytes(wanted)}, and ${megabytes(freeBytes)} are free`;
  if (pauseMs * pauses > budgetMs)
    return `a heap snapshot of ${megabytes(heapUsedBytes)} holds the server for up to ${(pauseMs / 1000).toFixed(0)} s, too long for a budget of ${(budgetMs / 1000).toFixed(0)} s (raise --budget)`;
  return null;
}

/** What was seen of memory outside V8's heap, before any snapshot. */
export interface NativeMemory {
  readonly trends: readonly MemoryTrend[];
  readonly notCovered: readonly string[];
}

/** The first snapshot took so long that the others would not be done in time; said in the report. */
export class SnapshotsTooSlow extends Error {
  readonly native: NativeMemory;
  constructor(pauseMs: number, native: NativeMemory) {
    super(
      `the first heap snapshot held the server for ${(pauseMs / 1000).toFixed(1)} s, too long to take four in the time (raise --budget)`,
    );
    this.name = 'SnapshotsTooSlow';
    this.native = native;
  }
}

/** Nothing could be seen that a verdict could rest on; the message says why. */
export class NotExamined extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NotExamined';
  }
}
