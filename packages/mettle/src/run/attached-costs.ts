import { memoryRoom } from '../collect/memory-room.ts';
import { UsageError } from '../evidence/index.ts';
import { refusal } from '../session/index.ts';
import type { Inspector } from '../session/index.ts';
import { snapshotCost } from './leak/snapshot-guard.ts';

/** What may be done to a server in use. */
export interface Asked {
  /** Collect garbage all the while, instead of waiting for V8 to do it. */
  readonly collect: boolean;
  /** Take a snapshot before and one after. */
  readonly snapshot: boolean;
  /** The longest pause that the user accepts, ms; null: what clients do not notice. */
  readonly mostPauseMs: number | null;
}

/** What it is going to cost. */
export interface Costs {
  readonly heapUsedBytes: number;
  /** Whether the sampling profile may be read, which collects garbage once. */
  readonly profile: boolean;
  readonly notCovered: readonly string[];
  /** Said before anything is done; null when there is nothing to say. */
  readonly warning: string | null;
}

/** Measured on Node 20 to 24: 44 to 79 ms for a heap of 12 MB. */
const COLLECTION_MS_PER_HEAP_BYTE = 79 / 12e6;
/** Clients take a second for a slow answer, and three for a hiccup; longer is to be agreed to. */
const MOST_COLLECTION_MS = 1000;
const MOST_SNAPSHOT_MS = 3000;

/** Reads how large the heap is and what that makes of the request. Throws when it would cost more than it may. */
export async function weigh(inspector: Inspector, pid: number, asked: Asked): Promise<Costs> {
  const heapUsedBytes = Number(await inspector.evaluate('process.memoryUsage().heapUsed'));
  const heap = megabytes(heapUsedBytes);
  const collectionMs = heapUsedBytes * COLLECTION_MS_PER_HEAP_BYTE;
  const allowedMs = asked.mostPauseMs ?? MOST_COLLECTION_MS;
  if (asked.collect && collectionMs > allowedMs)
    throw new UsageError(
      `Each collection of process ${pid}, whose heap has ${heap}, may hold it for ${seconds(collectionMs)}: agree with ${flag(collectionMs)}, or leave --collect out.`,
    );
  const snapshots = asked.snapshot ? weighSnapshots(pid, heapUsedBytes, asked) : null;
  const profile = collectionMs <= allowedMs;
  const collections = asked.collect
    ? `Process ${pid} has a heap of ${heap}: each collection may hold it for ${seconds(collectionMs)}.`
    : null;
  return {
    heapUsedBytes,
    profile,
    notCovered: profile
      ? []
      : [
          `What allocates the growth: to read the profile V8 collects all garbage, which at ${heap} may hold the server for ${seconds(collectionMs)}; agree with ${flag(collectionMs)}.`,
        ],
    warning: snapshots ?? collections,
  };
}

function weighSnapshots(pid: number, heapUsedBytes: number, { mostPauseMs }: Asked): string {
  const { memoryBytes, pauseMs } = snapshotCost(heapUsedBytes);
  const { freeBytes } = memoryRoom(pid);
  const heap = megabytes(heapUsedBytes);
  if (memoryBytes > freeBytes)
    throw refusal(
      `A heap snapshot of process ${pid}, whose heap has ${heap}, may need ${megabytes(memoryBytes)} of memory for a while, and ${megabytes(freeBytes)} are free: it could be killed for it. Leave --snapshot out; --memory alone tells what grows without one.`,
    );
  if (pauseMs > (mostPauseMs ?? MOST_SNAPSHOT_MS))
    throw new UsageError(
      `Each of the two heap snapshots of process ${pid}, whose heap has ${heap}, may hold it for ${seconds(pauseMs)}, in which it answers nobody: agree with ${flag(pauseMs)}, or leave --snapshot out.`,
    );
  return `Process ${pid} has a heap of ${heap}: each of the two snapshots may hold it for ${seconds(pauseMs)}, in which it answers nobody, and needs up to ${megabytes(memoryBytes)} of memory meanwhile.`;
}

function flag(pauseMs: number): string {
  return `--accept-pause ${Math.ceil(pauseMs / 1000)}`;
}

function seconds(ms: number): string {
  return ms < 950 ? `${Math.ceil(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}
