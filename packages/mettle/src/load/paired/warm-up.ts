import { monotonicMs } from '../../session/clock.ts';
import type { PairedSide } from './turn.ts';

/** As the field asks for: what is called often has been compiled after so many calls. */
const WARM_UP_CALLS = 500;
/** A subject of slow calls is warm after a few: it is not their code that takes the time. */
const LEAST_CALLS = 3;

/** Calls the subjects in turn, without timing, until the server is warm or the time is up. Resolves with the number of calls. */
export async function warmUp({ context, sources }: PairedSide, mostMs: number): Promise<number> {
  const { session, signal, callTimeoutMs } = context;
  const untilMs = monotonicMs() + mostMs;
  let calls = 0;
  for (let i = 0; sources.length > 0 && calls < WARM_UP_CALLS && !signal.aborted; i++) {
    if (i >= LEAST_CALLS && monotonicMs() > untilMs) break;
    for (const source of sources) {
      // Numbers that the timed calls do not use.
      const { method, params } = source.call(1_000_000 + i);
      await session.request(method, params, { timeoutMs: callTimeoutMs, signal });
      calls++;
    }
  }
  return calls;
}
