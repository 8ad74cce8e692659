import { collectWaiting } from '../collect/index.ts';
import type { ServingAgent } from '../collect/index.ts';
import type { WaitingEvidence, WaitingRecord } from '../evidence/index.ts';
import { nextCall } from '../load/index.ts';
import type { CallSource, LoadContext } from '../load/index.ts';
import { monotonicMs } from '../session/index.ts';

/** What calls wait for repeats from call to call; a handful shows it, also where the first one is special. */
const CALLS_ALONE = 5;
/** The lone calls may take so much of the time. */
const SHARE_ALONE = 0.6;

export interface WaitTracing {
  readonly agent: ServingAgent;
  readonly context: LoadContext;
  /** Subjects that answer, and those of them that may be called several times at once. */
  readonly answering: readonly CallSource[];
  readonly loadable: readonly CallSource[];
  /** How long a lone call takes without tracing. */
  readonly soloMs: ReadonlyMap<string, number>;
  readonly inFlight: number;
  readonly untilMs: number;
}

/** Traces what calls wait for: each subject alone, then several of its calls together. Ends in time, or on abort. */
export async function traceWaits(tracing: WaitTracing): Promise<WaitingEvidence> {
  const startMs = monotonicMs();
  const aloneUntilMs = startMs + SHARE_ALONE * (tracing.untilMs - startMs);
  const alone = await traced(tracing, async () => {
    // By rounds, so that every subject has a call before any has its second; the quick ones first, of which more fit.
    for (let round = 0; round < CALLS_ALONE; round++)
      for (const source of quickFirst(tracing.answering, tracing))
        await callInTime(tracing, source, 1, aloneUntilMs);
  });
  const together = await traced(tracing, async () => {
    for (const source of quickFirst(tracing.loadable, tracing))
      if (source.subject.kind === 'tool')
        await callInTime(tracing, source, tracing.inFlight, tracing.untilMs);
  });
  return { alone, together: { ...together, inFlight: tracing.inFlight } };
}

function quickFirst(sources: readonly CallSource[], { soloMs }: WaitTracing): readonly CallSource[] {
  const msOf = ({ subject }: CallSource): number => soloMs.get(subject.name) ?? 0;
  return sources.toSorted((a, b) => msOf(a) - msOf(b));
}

async function traced({ agent }: WaitTracing, calls: () => Promise<void>): Promise<WaitingRecord> {
  const recording = await collectWaiting.start(agent);
  await calls();
  return await recording.stop();
}

/** Nothing when they would not be done in time, at worst one after the other. */
async function callInTime(
  { context, soloMs }: WaitTracing,
  source: CallSource,
  count: number,
  untilMs: number,
): Promise<void> {
  const worstMs = (soloMs.get(source.subject.name) ?? 0) * count;
  if (context.signal.aborted || monotonicMs() + worstMs > untilMs) return;
  await callTogether(source, count, context);
}

/** Sends so many calls at once, and waits for all answers. */
export async function callTogether(source: CallSource, count: number, context: LoadContext): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, () => {
      const { method, params } = nextCall(source);
      return context.session.request(method, params, {
        timeoutMs: context.callTimeoutMs,
        signal: context.signal,
      });
    }),
  );
}
