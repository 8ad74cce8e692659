import type { HeapRound, HeapSubject, MemoryTrend } from '../../../evidence/index.ts';
import { matchCounts } from './coded-match.ts';

/** Bytes after a forced collection. */
export interface MemoryAfter {
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly rssBytes: number;
}

const KINDS = [
  ['array-buffers', 'arrayBuffersBytes'],
  ['external', 'externalBytes'],
] as const;
/** Less per call than this is within what Node itself moves about. */
const LEAST_BYTES_PER_CALL = 256;

/** Bytes outside the heap that follow somebody's calls. `readings` are by round. */
export function memoryTrends(
  readings: readonly MemoryAfter[],
  rounds: readonly HeapRound[],
  subjects: readonly HeapSubject[],
): readonly Omit<MemoryTrend, 'explainedBytesPerCall'>[] {
  return KINDS.flatMap(([kind, field]) => {
    const bytes = readings.map((reading) => reading[field]);
    const counts = rounds.map((_, r) => (bytes[r] ?? 0) - (bytes[r - 1] ?? 0));
    const match = matchCounts(counts.slice(1), rounds.slice(1), subjects);
    if (match === null || match.perCall < LEAST_BYTES_PER_CALL) return [];
    const fresh = rounds.flatMap((round, r) => (round.kind === 'fresh' ? [counts[r] as number] : []));
    const perCall = fresh.map((grown, i) => grown / (match.callsByRound[i] as number));
    return [
      {
        kind,
        subject: match.subject,
        bytesPerCall: match.perCall,
        low: perCall.length < 2 ? null : Math.min(...perCall),
        high: perCall.length < 2 ? null : Math.max(...perCall),
        readings: bytes,
      },
    ];
  });
}
