import type { HeapGrowthEvidence } from '../../evidence/index.ts';

/** Bytes that come with each call, or each second. */
export interface Leaking {
  readonly bytes: number;
  /** Of those, outside V8's heap. */
  readonly externalBytes: number;
}

/** Which limit ends the server, and after how many calls (or seconds) of the leak alone. */
export interface Exhaustion {
  readonly limit: 'heap' | 'memory';
  readonly limitBytes: number;
  readonly after: number;
}

/** Null when no limit is known, or nothing is leaked. */
export function exhaustionOf(
  { limits, timeline }: Pick<HeapGrowthEvidence, 'limits' | 'timeline'>,
  { bytes, externalBytes }: Leaking,
): Exhaustion | null {
  const now = timeline.at(-1);
  const heap = endOf('heap', limits.heapBytes, now?.heapUsedBytes ?? 0, bytes - externalBytes);
  const memory = endOf('memory', limits.memoryBytes, now?.rssBytes ?? 0, bytes);
  if (heap === null || memory === null) return heap ?? memory;
  return heap.after <= memory.after ? heap : memory;
}

function endOf(
  limit: Exhaustion['limit'],
  limitBytes: number | null,
  used: number,
  perCall: number,
): Exhaustion | null {
  if (limitBytes === null || perCall <= 0) return null;
  return { limit, limitBytes, after: Math.max(0, limitBytes - used) / perCall };
}
