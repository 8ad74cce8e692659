import type { OverlapRecord } from '../evidence/index.ts';

/** What was seen inside of calls in flight together. */
export type QueueWitness =
  /** At most one had work outstanding while others stood waiting. */
  | { readonly saw: 'one-at-a-time'; readonly record: OverlapRecord }
  /** Never more than `width` had work outstanding, though more were in flight and stood waiting. */
  | { readonly saw: 'limited'; readonly width: number; readonly record: OverlapRecord }
  /** They had work outstanding side by side. */
  | { readonly saw: 'overlapping' }
  /** Nothing that tells: no record, or their work goes through shared connections that hide whose it is. */
  | { readonly saw: 'nothing' };

/** Calls whose work cannot be seen make the count of those outstanding a count of something else from this share on. */
const HIDDEN_SHARE = 0.5;

/** Judges one traced batch. */
export function queueWitness(record: OverlapRecord | undefined): QueueWitness {
  if (record === undefined || record.inFlight < 2) return { saw: 'nothing' };
  const { inFlight, maxOutstanding, callsWithoutOperation } = record;
  const hidden = callsWithoutOperation > HIDDEN_SHARE * inFlight;
  const waiting = record.waits.reduce((sum, wait) => sum + wait.count, 0);
  if (maxOutstanding <= 1)
    return hidden || waiting === 0 ? { saw: 'nothing' } : { saw: 'one-at-a-time', record };
  // Every call beyond the width must have been seen to wait; a width above half the batch cannot be told from stagger.
  const limited = !hidden && maxOutstanding <= inFlight / 2 && waiting >= inFlight - maxOutstanding;
  return limited ? { saw: 'limited', width: maxOutstanding, record } : { saw: 'overlapping' };
}
