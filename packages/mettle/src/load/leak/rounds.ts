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
  /** Told after each call. */
  readonly onCall?: (subject: string) => void;
}

/**
 * Makes so many calls of each driver, in one shuffled order, several under way at a time. Resolves when all have been
 * answered. The tallies are counted on.
 */
export async function runRound(
  drivers: readonly LeakDriver[],
  counts: readonly number[],
  tallies: readonly DriverTally[],
  options: RoundOptions,
): Promise<void> {
  const queue = shuffled(
    drivers.flatMap((_, index) => Array.from({ length: counts[index] ?? 0 }, () => index)),
    options.random,
  );
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = queue.pop();
      if (index === undefined || options.signal.aborted) return;
      const driver = drivers[index] as LeakDriver;
      const fault = await driver.run(options.mode);
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
}
