import type { MemoryReading, MemoryWatchEvidence } from '../../evidence/index.ts';
import { mannKendallZ, theilSenSlope } from '../../stats/index.ts';

/** What may rise on its own: V8's heap, buffers and the like outside it, and what neither of them explains. */
export type MemoryKind = 'heap' | 'external' | 'native';

/** How memory that is in use, garbage collected, went over the watch. */
export interface LevelTrend {
  /** Seconds since the watch began, bytes. */
  readonly points: readonly (readonly [seconds: number, bytes: number])[];
  /** Theil and Sen: a few outliers do not move it. */
  readonly bytesPerSecond: number;
  /** By that, over the time between the first and the last level. */
  readonly grownBytes: number;
  readonly rises: boolean;
}

/** With fewer, the later half has no trend of its own. */
export const LEAST_LEVELS = 8;
/** One chance series in a hundred on the whole, and one in twenty on the later half besides: a cache that has filled is no leak. */
const SURE_Z = 2.33;
const SURE_Z_LATER = 1.64;
/** Measured: single readings jump by a quarter of a megabyte, even after a collection. */
export const LEAST_GROWTH_BYTES: Readonly<Record<MemoryKind, number>> = {
  heap: 1e6,
  external: 1e6,
  // Allocators give back in large pieces and late.
  native: 8e6,
};

/** Levels right after full collections; null when there are too few of them to tell growth from garbage. */
export function levelTrend(watch: MemoryWatchEvidence, kind: MemoryKind): LevelTrend | null {
  const points = watch.readings
    .filter(({ when }) => when === 'collected')
    .map((reading): readonly [number, number] => [reading.atMs / 1000, bytesOf(reading, kind)]);
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < LEAST_LEVELS || first === undefined || last === undefined) return null;
  // All collections at the end tell nothing of the time before.
  if (first[0] * 1000 > watch.observedMs / 2) return null;
  const bytesPerSecond = theilSenSlope(points);
  const grownBytes = bytesPerSecond * (last[0] - first[0]);
  const values = points.map(([, bytes]) => bytes);
  const rises =
    grownBytes >= LEAST_GROWTH_BYTES[kind] &&
    mannKendallZ(values) >= SURE_Z &&
    mannKendallZ(values.slice(values.length >> 1)) >= SURE_Z_LATER;
  return { points, bytesPerSecond, grownBytes, rises };
}

function bytesOf(reading: MemoryReading, kind: MemoryKind): number {
  switch (kind) {
    case 'heap':
      return reading.heapUsedBytes;
    case 'external':
      return reading.externalBytes;
    case 'native':
      return reading.rssBytes - reading.heapTotalBytes - reading.externalBytes;
  }
}

/** When a rise ends the process, at the rate of the watch. */
export interface TimeToLimit {
  readonly limit: 'heap' | 'memory';
  readonly limitBytes: number;
  readonly seconds: number;
}

/** Null when nothing rises. */
export function timeToLimit(
  { limits, readings }: MemoryWatchEvidence,
  kind: MemoryKind,
  bytesPerSecond: number,
): TimeToLimit | null {
  const now = readings.at(-1);
  if (now === undefined || bytesPerSecond <= 0) return null;
  const inMemory: TimeToLimit = {
    limit: 'memory',
    limitBytes: limits.memoryBytes,
    seconds: Math.max(0, limits.memoryBytes - now.rssBytes) / bytesPerSecond,
  };
  if (kind !== 'heap') return inMemory;
  const inHeap: TimeToLimit = {
    limit: 'heap',
    limitBytes: limits.heapBytes,
    seconds: Math.max(0, limits.heapBytes - now.heapUsedBytes) / bytesPerSecond,
  };
  return inHeap.seconds <= inMemory.seconds ? inHeap : inMemory;
}
