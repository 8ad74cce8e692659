/** Awaits in one round: long enough for the clock, short enough to fall between two of the host's interruptions. */
const AWAITS = 200;
/** The quickest round counts: every disturbance makes one slower, none quicker. */
const ROUNDS = 9;

async function step(): Promise<void> {}

async function awaitOften(): Promise<void> {
  for (let i = 0; i < AWAITS; i++) await step();
}

/**
 * How long a microtask takes that does nothing, in µs, while two asynchronous functions take turns as calls in flight
 * do. `start` starts one of them in a call's context. The difference between an instrument on and off is what it costs
 * to follow one callback, with the promises that lead to it.
 */
export async function measureMicrotaskUs(
  start: (body: () => Promise<void>) => Promise<void>,
): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await Promise.all([start(awaitOften), start(awaitOften)]);
    best = Math.min(best, performance.now() - startedAt);
  }
  return (best * 1000) / (2 * AWAITS);
}
