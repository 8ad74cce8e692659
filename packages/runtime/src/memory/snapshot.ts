import { mkdirSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics, writeHeapSnapshot } from 'node:v8';
import { freeBytes } from './limits.ts';

/** Bounds of automatic heap snapshots. */
export interface SnapshotOptions {
  /** Where they go; made when missing. */
  readonly directory: string;
  /** What all of them there may take; 1 GiB by default. None is deleted for another: the oldest shows most. */
  readonly maxDiskBytes?: number;
  /** How long the process may stand still; 5,000 ms by default. */
  readonly maxPauseMs?: number;
}

/** What became of it. */
export type SnapshotOutcome = { readonly file: string } | { readonly refused: string };

/** Worst measured: memory needed while writing, per byte of heap. Snapshots that ignored this killed the servers they were to explain. */
const MEMORY_FACTOR = 9;
/** Worst measured: time per object, and the least bytes an object had. */
const MS_PER_NODE = 0.005;
const BYTES_PER_NODE = 34;
/** Size of the file per byte of heap: 1.6 to 2.0 measured. */
const FILE_FACTOR = 2;
const PREFIX = 'mettle-';

/** Writes a heap snapshot if memory, disk and the pause allow it; otherwise says which of them does not. */
export function snapshotWithin(options: SnapshotOptions): SnapshotOutcome {
  const { directory, maxDiskBytes = 2 ** 30, maxPauseMs = 5000 } = options;
  const heapBytes = getHeapStatistics().used_heap_size;
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

  const free = freeBytes();
  const needed = MEMORY_FACTOR * heapBytes;
  if (free < needed) return { refused: `it needs up to ${mib(needed)} of memory, ${mib(free)} are free` };

  const pauseMs = (MS_PER_NODE * heapBytes) / BYTES_PER_NODE;
  if (pauseMs > maxPauseMs) {
    return {
      refused: `it would stop the process for up to ${Math.round(pauseMs)} ms, ${maxPauseMs} are allowed`,
    };
  }
  try {
    mkdirSync(directory, { recursive: true });
    const fileBytes = FILE_FACTOR * heapBytes;
    const present = readdirSync(directory).filter(
      (name) => name.startsWith(PREFIX) && name.endsWith('.heapsnapshot'),
    );
    const used = present.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    if (used + fileBytes > maxDiskBytes) {
      return {
        refused: `${mib(used)} of the ${mib(maxDiskBytes)} for snapshots are used, it needs ${mib(fileBytes)}`,
      };
    }
    const { bavail, bsize } = statfsSync(directory);
    if (bavail * bsize < 2 * fileBytes)
      return { refused: `only ${mib(bavail * bsize)} are free on that disk` };
    const name = `${PREFIX}${new Date().toISOString().replaceAll(':', '-')}-${process.pid}.heapsnapshot`;
    return { file: writeHeapSnapshot(join(directory, name)) };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}
