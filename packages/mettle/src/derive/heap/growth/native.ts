import { median, medianInterval } from '../../../stats/index.ts';

/**
 * Resident memory grows by pages, in steps of what the allocator asks the kernel for (128 KB and more), and by what the
 * runtime compiles: below a page a call nothing is told from that.
 */
export const LEAST_NATIVE_BYTES_PER_CALL = 4096;
/** A step by chance may come in one burst of calls, and what compilers take in the first: so many others have to show it. */
const STILL_GROWS = 0.5;
export const LEAST_BURSTS = 6;

/** Native memory per call, with a 95 % interval that one large step does not move. */
export interface NativeGrowth {
  readonly bytesPerCall: number;
  readonly low: number;
  readonly high: number;
}

/** Whether bursts of so many calls may each have left native memory behind: worth a longer look. */
export function mayGrow(grownBytes: readonly number[], callsPerBurst: readonly number[]): boolean {
  return (
    grownBytes.length > 0 &&
    grownBytes.every(
      (bytes, i) => bytes >= STILL_GROWS * LEAST_NATIVE_BYTES_PER_CALL * (callsPerBurst[i] ?? Infinity),
    )
  );
}

/**
 * What equal bursts of calls of one subject alone left behind in native memory. Null when it is too little to be told from
 * chance, or when later bursts leave less than half of what the first ones did: then it ends.
 */
export function nativeGrowth(
  grownBytes: readonly number[],
  callsPerBurst: readonly number[],
): NativeGrowth | null {
  const perCall = grownBytes.map((bytes, i) => bytes / Math.max(1, callsPerBurst[i] ?? 0));
  if (perCall.length < LEAST_BURSTS) return null;
  const half = Math.floor(perCall.length / 2);
  const [first, last] = [median(perCall.slice(0, half)), median(perCall.slice(-half))];
  const { low, high } = medianInterval(perCall);
  if (low < LEAST_NATIVE_BYTES_PER_CALL || last < STILL_GROWS * first) return null;
  return { bytesPerCall: median(perCall), low, high };
}
