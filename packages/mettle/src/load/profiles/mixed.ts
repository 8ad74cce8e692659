import type { BlockingEvidence, MixedLatencyEvidence } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { Reply } from '../../session/session.ts';
import { median, seededRandom, shuffled } from '../../stats/index.ts';
import { nextCall } from '../call-numbers.ts';
import { difference, LatencyTally } from '../latency-tally.ts';
import type { CallSource, LoadContext } from '../load.ts';

export interface MixedOptions {
  readonly untilMs: number;
  /** Decides the order of the mix. */
  readonly seed: number;
  /** Calls in flight at any time. Default 8. */
  readonly inFlight?: number;
  /** Typical latency of each subject alone, by name: gives every subject about the same time in the mix. */
  readonly soloMs?: ReadonlyMap<string, number>;
  readonly now?: () => number;
}
export interface MixedResult {
  readonly evidence: MixedLatencyEvidence;
  /** The first 20,000 calls as the driver saw them, in the order of their answers. */
  readonly calls: BlockingEvidence['driverCalls'];
}

const IN_FLIGHT = 8;
const MAX_CALLS_KEPT = 20_000;
/** The rarest subject is still one call in 50: a mix of a few seconds has to show it more than once. */
const RAREST_SHARE = 1 / 50;
/** Below, the wire takes longer than the call. */
const WIRE_MS = 0.05;
const PROGRESS_EVERY_MS = 200;
/** Cards of one shuffled deck: fine enough for a share of 1/50 to be four cards. */
const DECK = 200;

interface Phase {
  readonly context: LoadContext;
  readonly untilMs: number;
  readonly now: () => number;
  readonly tallies: ReadonlyMap<CallSource, LatencyTally>;
  readonly calls: BlockingEvidence['driverCalls'][number][];
  readonly underWay: Map<CallSource, number>;
  /** Answers that were lost, one after the other. */
  lost: number;
  total: number;
  nextProgressMs: number;
}

/**
 * All subjects at once: a closed loop with `inFlight` calls always under way. Weights other than 1, which the user gave,
 * count as they are; without any, subjects get equal time, so that a quick one comes more often than a slow one.
 */
export async function runMixed(
  context: LoadContext,
  sources: readonly CallSource[],
  options: MixedOptions,
): Promise<MixedResult> {
  const now = options.now ?? monotonicMs;
  const inFlight = options.inFlight ?? IN_FLIGHT;
  const shares = mixShares(sources, options.soloMs ?? new Map());
  const phase: Phase = {
    context,
    untilMs: options.untilMs,
    now,
    tallies: new Map(sources.map((source) => [source, new LatencyTally(source.subject)])),
    calls: [],
    underWay: new Map(),
    lost: 0,
    total: 0,
    nextProgressMs: 0,
  };
  const startMs = now();
  if (sources.length > 0) {
    await openConnections(phase, quickest(sources, options.soloMs), inFlight);
    const draw = withoutPileUps(
      deckOf(sources, shares, seededRandom(options.seed)),
      phase,
      options.soloMs,
      startMs,
    );
    await Promise.all(Array.from({ length: inFlight }, () => worker(phase, draw, { startMs, inFlight })));
  }
  const weights = Object.fromEntries(sources.map((source, i) => [source.subject.name, shares[i] as number]));
  return {
    evidence: {
      inFlight,
      durationMs: now() - startMs,
      weights,
      subjects: [...phase.tallies.values()].map((tally) => tally.result()),
    },
    calls: phase.calls,
  };
}

/** The share of the calls that each source gets; they add up to 1. Unless the user weighed, none is below 1/50 (or an equal share, of more than 50). */
export function mixShares(
  sources: readonly CallSource[],
  soloMs: ReadonlyMap<string, number>,
): readonly number[] {
  if (sources.some((source) => source.weight !== 1))
    return normalised(sources.map((source) => source.weight));
  const knownMs = sources.map((source) => soloMs.get(source.subject.name)).filter((ms) => ms !== undefined);
  const usualMs = knownMs.length === 0 ? 1 : median(knownMs);
  const shares = normalised(
    sources.map((source) => 1 / Math.max(WIRE_MS, soloMs.get(source.subject.name) ?? usualMs)),
  );
  const floor = Math.min(RAREST_SHARE, 1 / Math.max(1, sources.length));
  return shares.map((share) => floor + (1 - floor * sources.length) * share);
}

function normalised(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Draws sources in random order with their shares exact over every deck. */
function deckOf(
  sources: readonly CallSource[],
  shares: readonly number[],
  random: () => number,
): () => CallSource {
  const cards = sources.flatMap((source, i) =>
    Array.from({ length: Math.max(1, Math.round((shares[i] as number) * DECK)) }, () => source),
  );
  let deck: CallSource[] = [];
  return () => {
    if (deck.length === 0) deck = shuffled(cards, random);
    return deck.pop() as CallSource;
  };
}

/**
 * Draws on while the source drawn has so many calls under way that, one after the other, they would take a quarter of
 * the phase: slow synchronous calls must not pile up at its end.
 */
function withoutPileUps(
  draw: () => CallSource,
  phase: Phase,
  soloMs: ReadonlyMap<string, number> | undefined,
  startMs: number,
): () => CallSource {
  const quarterMs = (phase.untilMs - startMs) / 4;
  const most = (source: CallSource): number =>
    Math.max(1, Math.floor(quarterMs / Math.max(WIRE_MS, soloMs?.get(source.subject.name) ?? 0)));
  return () => {
    let source = draw();
    for (let i = 0; i < DECK && (phase.underWay.get(source) ?? 0) >= most(source); i++) source = draw();
    return source;
  };
}

/** Over HTTP the first calls open the connections: they are counted, not timed. */
async function openConnections(phase: Phase, source: CallSource, inFlight: number): Promise<void> {
  const replies = await Promise.all(Array.from({ length: inFlight }, () => send(phase, source)));
  for (const reply of replies)
    if (!phase.context.signal.aborted)
      keep(phase, source, reply, phase.tallies.get(source)?.count(reply) === true);
}

async function worker(
  phase: Phase,
  draw: () => CallSource,
  { startMs, inFlight }: { readonly startMs: number; readonly inFlight: number },
): Promise<void> {
  const { context } = phase;
  let main = context.clock.mainThread();
  while (!isOver(phase, inFlight)) {
    const source = draw();
    phase.underWay.set(source, (phase.underWay.get(source) ?? 0) + 1);
    const reply = await send(phase, source);
    phase.underWay.set(source, (phase.underWay.get(source) ?? 1) - 1);
    if (context.signal.aborted) return;
    const after = context.clock.mainThread();
    keep(
      phase,
      source,
      reply,
      phase.tallies.get(source)?.record(reply, difference(main?.hostDelayMs, after?.hostDelayMs)) === true,
    );
    main = after;
    tellProgress(phase, startMs);
  }
}

function tellProgress(phase: Phase, startMs: number): void {
  const nowMs = phase.now();
  if (nowMs < phase.nextProgressMs) return;
  phase.nextProgressMs = nowMs + PROGRESS_EVERY_MS;
  phase.context.onProgress({
    subject: null,
    done: Math.min(1, (nowMs - startMs) / Math.max(1, phase.untilMs - startMs)),
    calls: phase.total,
  });
}

function send({ context }: Phase, source: CallSource): Promise<Reply> {
  const { method, params } = nextCall(source);
  return context.session.request(method, params, {
    timeoutMs: context.callTimeoutMs,
    signal: context.signal,
  });
}

function keep(phase: Phase, source: CallSource, reply: Reply, ok: boolean): void {
  phase.total++;
  phase.lost = reply.outcome === 'lost' ? phase.lost + 1 : 0;
  if (phase.calls.length < MAX_CALLS_KEPT)
    phase.calls.push({
      subject: source.subject.name,
      sentAtMs: reply.sentAtMs,
      receivedAtMs: reply.sentAtMs + reply.latencyMs,
      ok,
    });
}

/** A server that loses every call in flight three times over is gone, even if its process is not ours to see. */
function isOver({ context, untilMs, now, lost }: Phase, inFlight: number): boolean {
  return (
    context.signal.aborted ||
    (context.session.process?.exit ?? null) !== null ||
    lost >= 3 * inFlight ||
    now() >= untilMs
  );
}

function quickest(
  sources: readonly CallSource[],
  soloMs: ReadonlyMap<string, number> | undefined,
): CallSource {
  const first = sources[0] as CallSource;
  const ms = (source: CallSource): number => soloMs?.get(source.subject.name) ?? Number.POSITIVE_INFINITY;
  return sources.reduce((best, source) => (ms(source) < ms(best) ? source : best), first);
}
