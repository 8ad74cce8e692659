import type { ThreadClock } from './thread-clock.ts';

/** Awaits in one round: about a millisecond, of which the thread's clock misses a fiftieth; short enough to fall between two of the host's interruptions. */
const AWAITS = 1_000;
/** The quickest round counts: every disturbance makes one slower, none quicker. */
const ROUNDS = 9;

async function step(): Promise<void> {}

async function awaitOften(): Promise<void> {
  for (let i = 0; i < AWAITS; i++) await step();
}

/**
 * How long a microtask takes that does nothing, in µs, while two asynchronous functions take turns as calls in flight
 * do, by the thread's CPU time: the host may leave a busy machine's thread standing in every round. `start` starts one of them in a call's context. The difference between an instrument on and off is what it costs
 * to follow one callback, with the promises that lead to it.
 */
export async function measureMicrotaskUs(
  start: (body: () => Promise<void>) => Promise<void>,
  clock: ThreadClock,
): Promise<number> {
  const nowMs = ownTimeOf(clock);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = nowMs();
    await Promise.all([start(awaitOften), start(awaitOften)]);
    best = Math.min(best, nowMs() - startedAt);
  }
  return (best * 1000) / (2 * AWAITS);
}

/** The thread's CPU time where it can be read to some µs (the others step by up to 4 ms, more than a round), else the time of day. */
function ownTimeOf(clock: ThreadClock): () => number {
  if (clock.kind !== 'schedstat') return () => performance.now();
  return () => {
    clock.read();
    return clock.cpuMs;
  };
}
