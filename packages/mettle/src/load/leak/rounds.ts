import { monotonicMs } from '../../session/clock.ts';
import { shuffled } from '../../stats/index.ts';
import type { LeakDriver } from './drivers.ts';

/** What became of one subject's calls, over all rounds so far. */
export interface DriverTally {
  calls: number;
  errors: number;
  firstError: string | null;
}

export interface RoundOptions {
  readonly mode: 'fresh' | 'repeat';
  readonly inFlight: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** On the machine's monotonic clock: no call is begun afterwards, and those under way get little longer. */
  readonly deadlineMs: number;
  /** Told after each call. */
  readonly onCall?: (subject: string) => void;
}

/** What calls under way at the deadline still get: usual ones are answered, and those that hang are given up. */
const GRACE_MS = 1000;

/**
 * Makes so many calls of each driver, in one shuffled order, several under way at a time; fewer when time runs out.
 * Resolves when all have been answered or given up, with how many were made of each. The tallies are counted on.
 */
export async function runRound(
  drivers: readonly LeakDriver[],
  counts: readonly number[],
  tallies: readonly DriverTally[],
  options: RoundOptions,
): Promise<readonly number[]> {
  const made = drivers.map(() => 0);
  const queue = shuffled(
    drivers.flatMap((_, index) => Array.from({ length: counts[index] ?? 0 }, () => index)),
    options.random,
  );
  const worker = async (): Promise<void> => {
    for (;;) {
      const leftMs = options.deadlineMs - monotonicMs();
      const index = leftMs > 0 ? queue.pop() : undefined;
      if (index === undefined || options.signal.aborted) return;
      const driver = drivers[index] as LeakDriver;
      made[index] = (made[index] as number) + 1;
      const fault = await driver.run(options.mode, leftMs + GRACE_MS);
      const tally = tallies[index] as DriverTally;
      tally.calls++;
      if (fault !== null) {
        tally.errors++;
        tally.firstError ??= fault;
      }
      options.onCall?.(driver.subject.name);
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, worker));
  return made;
}
