import type { MemoryWatchEvidence } from '../../evidence/index.ts';

/** Of what the server allocated while it was watched, what was alive at the end. */
export interface Survivors {
  readonly bytes: number;
  /** So many at most, in 19 cases of 20: samples are few. */
  readonly mostBytes: number;
  /** No heap grows by more than what it was given and kept. */
  readonly mostBytesPerSecond: number;
}

/** Above what a count of samples may stand for; three where none came. */
const NONE_SEEN = 3;

/** How much the heap can have grown at most, where too few collections tell how much it did. Null without a profile. */
export function survivorsOf({ sampling, observedMs }: MemoryWatchEvidence): Survivors | null {
  if (sampling === null) return null;
  const { bytes, samples } = sampling.alive;
  const bytesPerSample = samples === 0 ? sampling.intervalBytes : bytes / samples;
  const mostBytes =
    bytes + (2 * Math.sqrt(samples) + NONE_SEEN) * Math.max(bytesPerSample, sampling.intervalBytes);
  const seconds = Math.max(0.001, (observedMs - sampling.fromMs) / 1000);
  return { bytes, mostBytes, mostBytesPerSecond: mostBytes / seconds };
}
