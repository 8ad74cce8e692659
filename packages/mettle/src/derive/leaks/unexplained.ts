import type { HeapGrowthEvidence, MemoryTrend } from '../../evidence/index.ts';
import type { Leak } from './leaks.ts';

/** `external` is exact to the byte once buffers are collected; a kilobyte a call is no rounding. */
const EXTERNAL_BYTES = 1024;
/**
 * Resident memory grows by pages and by what the allocator does not give back: measured, a leak of 16 KB a call reads as
 * 13 to 22 KB. Below a page a call, or when most of it is explained, it says nothing.
 */
const RESIDENT_BYTES = 4096;
const UNEXPLAINED_SHARE = 0.5;

/** Bytes that surely grow with somebody's calls and that no object, no handle and no other trend explains. */
export function unexplainedTrends(
  { trends, by }: HeapGrowthEvidence,
  leaks: readonly Leak[],
): readonly MemoryTrend[] {
  const told = new Set(leaks.flatMap(({ subjects }) => subjects.map(({ name }) => name)));
  const kinds: readonly MemoryTrend['kind'][] =
    // The heap's bytes drift by more than most leaks; where objects were counted, the counts decide.
    by === 'sampling' ? ['array-buffers', 'external', 'heap', 'rss'] : ['array-buffers', 'external', 'rss'];
  return kinds.flatMap((kind) =>
    trends.filter((trend) => {
      const { subject } = trend;
      if (trend.kind !== kind || subject === null || told.has(subject.name) || !isSure(trend)) return false;
      told.add(subject.name);
      return true;
    }),
  );
}

function isSure({ kind, bytesPerCall, low, explainedBytesPerCall }: MemoryTrend): boolean {
  if (low === null) return false;
  const surely = low - explainedBytesPerCall;
  const isExternal = kind === 'external' || kind === 'array-buffers';
  return isExternal
    ? surely >= EXTERNAL_BYTES
    : surely >= RESIDENT_BYTES && explainedBytesPerCall <= UNEXPLAINED_SHARE * bytesPerCall;
}
