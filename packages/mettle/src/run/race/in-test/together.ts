import { settlesWithin } from '../../../session/clock.ts';
import type { NoRace } from './race.ts';

/** The plain form of `race`: calls made at once in the test's own process, again and again. */
export interface Together<T> {
  /** Calls at once; 20 by default. */
  readonly calls?: number;
  /** Times over; 100 by default. */
  readonly times?: number;
  /** Puts the state back, before each time. */
  readonly setup?: () => unknown;
  /** What is left afterwards; given to the invariant. */
  readonly observe?: () => unknown;
  /** False, a sentence, or an exception when it does not hold. */
  readonly invariant?: (seen: { readonly answers: readonly T[]; readonly observed: unknown }) => unknown;
  /** A call that has not settled after so long never will; 5,000 ms by default. */
  readonly hangMs?: number;
}

/** What was tried, or the sentence that tells what went wrong. */
export async function raceTogether<T>(
  call: (i: number) => T | Promise<T>,
  options: Together<T>,
): Promise<NoRace | string> {
  const { calls = 20, times = 100, hangMs = 5_000 } = options;
  for (let time = 1; time <= times; time++) {
    await options.setup?.();
    const running = Array.from({ length: calls }, (_none, i) => promised(() => call(i)));
    const all = Promise.allSettled(running);
    if (!(await settlesWithin(all, hangMs))) {
      const open = await unsettled(running);
      return `${String(open)} of ${String(calls)} calls at once did not settle within ${String(hangMs)} ms, the ${nth(time)} time.`;
    }
    const settled = await all;
    const failed = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (failed.length > 0)
      return `${String(failed.length)} of ${String(calls)} calls at once failed, the ${nth(time)} time: ${reason(failed[0])}`;
    const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const observed = await options.observe?.();
    const broken = await whyBroken(() => options.invariant?.({ answers, observed }));
    if (broken !== null) return `After ${String(calls)} calls at once, the ${nth(time)} time: ${broken}`;
  }
  return {
    coverage: `${String(calls)} calls at once, ${String(times)} times, in whatever order came: most of these orders are the same one`,
    trials: times,
    reset: options.setup === undefined ? 'none' : 'setup',
    notes: [],
  };
}

async function promised<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}

async function unsettled(running: readonly Promise<unknown>[]): Promise<number> {
  let open = running.length;
  for (const each of running)
    void each.then(
      () => open--,
      () => open--,
    );
  await new Promise((resolve) => setImmediate(resolve));
  return open;
}

async function whyBroken(holds: () => unknown): Promise<string | null> {
  try {
    const said = await holds();
    if (typeof said === 'string') return said;
    return said === false ? 'the invariant does not hold' : null;
  } catch (error) {
    return reason(error);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nth(n: number): string {
  const suffix = n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${String(n)}${suffix}`;
}
