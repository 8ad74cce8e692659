import { BLOCKING_OPTIONS } from '../collect/index.ts';
import type { ServingAgent } from '../collect/index.ts';
import type { LatencyRecord, LookingCost } from '../evidence/index.ts';
import { nextCall } from '../load/index.ts';
import type { CallSource, LoadContext } from '../load/index.ts';
import { monotonicMs } from '../session/index.ts';
import { median, medianInterval } from '../stats/index.ts';

/** Fewer pairs give no 95 % interval of a median. */
const LEAST_PAIRS = 6;
const MOST_PAIRS = 12;
/** CPU of a window: some of the scheduler's steps, so that they do not decide. */
const WINDOW_CPU_MS = 20;
const LEAST_CALLS = 20;
const MOST_CALLS = 300;
/** A cheaper call is not told from the clock's own error. */
const LEAST_CALL_MS = 0.02;

export interface Looking {
  readonly context: LoadContext;
  readonly agent: ServingAgent;
  /** What may be called many times. */
  readonly sources: readonly CallSource[];
  readonly alone: readonly LatencyRecord[];
  readonly inFlight: number;
  readonly untilMs: number;
  /** Until when the fewest pairs that tell something may take. */
  readonly leastPairsUntilMs: number;
}

/**
 * Switches the instrument on and off in windows of the same calls and compares their CPU per call. Each window with it
 * lies between two without: the host's speed changes from second to second. As many calls as half a window go uncounted
 * after each switch, since V8 compiles anew what the hooks made it throw away; that costs something once, not per call.
 */
export async function measureLookingCost(looking: Looking): Promise<LookingCost> {
  const { context, agent, alone, untilMs } = looking;
  if (context.clock.mainThread() === null)
    return notMeasured('the CPU time of the server’s main thread cannot be read from outside on this system');
  const cheapest = cheapestOf(looking.sources, alone);
  if (cheapest === null) return notMeasured('no call could be repeated often enough');
  const { source, cpuMs } = cheapest;
  const callsPerWindow = Math.round(
    Math.min(MOST_CALLS, Math.max(LEAST_CALLS, WINDOW_CPU_MS / Math.max(LEAST_CALL_MS, cpuMs))),
  );
  // On, off, and half of each that does not count; calls in flight together may still be answered one after the other.
  const pairMs = 3 * callsPerWindow * cheapest.latencyMs;
  if (pairMs * LEAST_PAIRS > (untilMs - monotonicMs()) * looking.inFlight)
    return notMeasured(
      `the calls of ${source.subject.name}, the cheapest there are, take too long for ${LEAST_PAIRS} pairs of windows (raise --budget)`,
    );
  const window = (calls: number): Promise<number> => cpuUsPerCall(looking, source, calls);
  const onUs: number[] = [];
  const offUs: number[] = [];
  // V8 compiles what many calls at once make hot.
  await window(callsPerWindow);
  let before = await window(callsPerWindow);
  const endMs = (): number => (onUs.length < LEAST_PAIRS ? looking.leastPairsUntilMs : untilMs);
  while (onUs.length < MOST_PAIRS && monotonicMs() < endMs() && !context.signal.aborted) {
    await agent.start('blocking', BLOCKING_OPTIONS);
    await window(Math.ceil(callsPerWindow / 2));
    const on = await window(callsPerWindow);
    await agent.stop('blocking');
    await window(Math.ceil(callsPerWindow / 2));
    const after = await window(callsPerWindow);
    onUs.push(on);
    offUs.push((before + after) / 2);
    before = after;
  }
  if (onUs.length < LEAST_PAIRS)
    return notMeasured(
      `there was time for ${onUs.length} of the ${LEAST_PAIRS} pairs of windows that it takes (raise --budget)`,
    );
  if (![...onUs, ...offUs].every(Number.isFinite)) return notMeasured('calls in the windows failed');
  const added = onUs.map((us, i) => us - (offUs[i] as number));
  const { low, high } = medianInterval(added);
  return {
    measured: true,
    subject: source.subject.name,
    pairs: onUs.length,
    callsPerWindow,
    inFlight: looking.inFlight,
    samplingIntervalMs: BLOCKING_OPTIONS.samplingIntervalUs / 1000,
    offUs: median(offUs),
    addedUs: { median: median(added), low, high },
    factor: median(onUs.map((us, i) => us / (offUs[i] as number))),
  };
}

function notMeasured(why: string): LookingCost {
  return { measured: false, why };
}

/** A tool rather than a method, since tools are what the figure is about. */
function cheapestOf(
  sources: readonly CallSource[],
  alone: readonly LatencyRecord[],
): { readonly source: CallSource; readonly cpuMs: number; readonly latencyMs: number } | null {
  const costs = sources.flatMap((source) => {
    const record = alone.find(({ subject }) => subject.name === source.subject.name);
    const cpuMs = record?.mainCpuMsPerCall ?? null;
    const latencyMs = record?.latencyMs?.p50 ?? null;
    return cpuMs === null || latencyMs === null || record?.outcomes.errors !== 0
      ? []
      : [{ source, cpuMs, latencyMs }];
  });
  const tools = costs.filter(({ source }) => source.subject.kind === 'tool');
  const [first] = (tools.length > 0 ? tools : costs).toSorted((a, b) => a.cpuMs - b.cpuMs);
  return first ?? null;
}

/** Sends `calls` calls, so many in flight, and reads what the main thread used meanwhile; not a number when one failed. */
async function cpuUsPerCall(looking: Looking, source: CallSource, calls: number): Promise<number> {
  const { context, inFlight } = looking;
  const cpuMs = (): number => context.clock.mainThread()?.cpuMs ?? Number.NaN;
  const before = cpuMs();
  let left = calls;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (left-- > 0 && !context.signal.aborted) {
      const { method, params } = nextCall(source);
      const { outcome } = await context.session.request(method, params, {
        timeoutMs: context.callTimeoutMs,
        signal: context.signal,
      });
      if (outcome !== 'result') failed = true;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return failed ? Number.NaN : ((cpuMs() - before) * 1000) / calls;
}
