import type { CallSource, LoadContext } from '../load.ts';
import { OutcomeTally } from '../outcomes.ts';
import { monotonicMs } from '../../session/clock.ts';
import { ascending, median, quantile } from '../../stats/index.ts';

/** One version of the server within a pair. */
export interface PairedSide {
  readonly context: LoadContext;
  readonly sources: readonly CallSource[];
}

/** The driver's own main thread: when the host keeps it waiting, that is no latency of the server's. */
export interface DriverClock {
  mainThread(): { readonly cpuMs: number; readonly hostDelayMs: number } | null;
}

/** What one side did in its turns of one subject. */
export class SideTally {
  readonly outcomes: OutcomeTally = new OutcomeTally();
  /** As the client saw them. */
  readonly latenciesMs: number[] = [];
  /** Without what the host kept the server's main thread or the driver waiting: what the tail is judged by. */
  readonly netMs: number[] = [];
  /** CPU of the server's main thread per call, of each turn; null where it cannot be read. */
  cpuMsPerCall: number[] | null = [];
  burstCalls = 0;
  burstMs = 0;
}

/** What a turn shows, in ms per call. */
export interface TurnFigure {
  /** The lower quartile as the client saw it (of five calls the second fastest). */
  readonly quartileMs: number;
  /** The median without the host's delays. */
  readonly netMedianMs: number;
}

/** A few calls, one at a time. Null when none succeeded. */
export async function soloTurn(
  { context }: PairedSide,
  source: CallSource,
  tally: SideTally,
  turn: { readonly firstCall: number; readonly calls: number; readonly driver: DriverClock },
): Promise<TurnFigure | null> {
  const { session, clock, callTimeoutMs, signal } = context;
  const first = tally.latenciesMs.length;
  const begun = clock.mainThread();
  let before = begun;
  let driverBefore = turn.driver.mainThread();
  for (let i = 0; i < turn.calls && !signal.aborted; i++) {
    const { method, params } = source.call(turn.firstCall + i);
    const reply = await session.request(method, params, { timeoutMs: callTimeoutMs, signal });
    const after = clock.mainThread();
    const driverAfter = turn.driver.mainThread();
    if (signal.aborted) break;
    if (tally.outcomes.add(reply)) {
      const delayMs =
        delay(before?.hostDelayMs, after?.hostDelayMs) +
        delay(driverBefore?.hostDelayMs, driverAfter?.hostDelayMs);
      tally.latenciesMs.push(reply.latencyMs);
      // The clocks are read a little before and after the latency's own.
      tally.netMs.push(Math.max(0, reply.latencyMs - delayMs));
    }
    before = after;
    driverBefore = driverAfter;
  }
  if (begun === null || before === null) tally.cpuMsPerCall = null;
  else tally.cpuMsPerCall?.push((before.cpuMs - begun.cpuMs) / turn.calls);
  if (tally.latenciesMs.length === first) return null;
  return {
    quartileMs: quantile(ascending(tally.latenciesMs.slice(first)), 0.25),
    netMedianMs: median(tally.netMs.slice(first)),
  };
}

/** Some calls at once; how long until all were answered, per call. Null when one failed. */
export async function burstTurn(
  { context }: PairedSide,
  source: CallSource,
  tally: SideTally,
  turn: { readonly firstCall: number; readonly calls: number },
): Promise<number | null> {
  const { session, callTimeoutMs, signal } = context;
  const startedMs = monotonicMs();
  const replies = await Promise.all(
    Array.from({ length: turn.calls }, (_, i) => {
      const { method, params } = source.call(turn.firstCall + i);
      return session.request(method, params, { timeoutMs: callTimeoutMs, signal });
    }),
  );
  const durationMs = monotonicMs() - startedMs;
  if (signal.aborted) return null;
  let all = true;
  for (const reply of replies) all = tally.outcomes.add(reply) && all;
  if (!all) return null;
  tally.burstCalls += turn.calls;
  tally.burstMs += durationMs;
  return durationMs / turn.calls;
}

function delay(before: number | undefined, after: number | undefined): number {
  return before === undefined || after === undefined ? 0 : Math.max(0, after - before);
}
