import type { Batch, ConcurrencyEvidence } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { Reply } from '../../session/session.ts';
import { nextCall } from '../call-numbers.ts';
import { readClock, usedBetween } from '../latency-tally.ts';
import type { CallSource, LoadContext } from '../load.ts';
import { isSuccess } from '../outcomes.ts';

export interface BatchesOptions {
  readonly untilMs: number;
  /** The rounds without which a subject is not judged may take until then, where the host is slow. */
  readonly leastRoundsUntilMs?: number;
  /** Decides whether the first round begins with the lone call. */
  readonly seed: number;
  /** Typical latency of each subject alone, by name; a subject without one is skipped. */
  readonly soloMs: ReadonlyMap<string, number>;
  /** Calls in flight of each batch, ascending. */
  readonly sizes?: readonly number[];
  readonly now?: () => number;
}
/** A subject of which there are no rounds, and why. */
interface SkippedSubject {
  readonly subject: string;
  readonly says: string;
}

export interface BatchesResult {
  readonly evidence: ConcurrencyEvidence;
  /** A sentence for each subject that could not be measured. */
  readonly skipped: readonly SkippedSubject[];
}

type Round = ConcurrencyEvidence['subjects'][number]['rounds'][number];

/** Two sizes tell a pool of k (twice the calls, twice the waves) from a lock; 8 is what small servers should bear. */
const SIZES = [4, 8] as const;
/** Fewer rounds give no median to trust. */
const MIN_ROUNDS = 3;
/** facts: five pairs tell a factor of two from noise always; more sharpen it, where calls are quick. */
const MAX_ROUNDS = 12;

interface Phase {
  readonly context: LoadContext;
  readonly untilMs: number;
  readonly leastRoundsUntilMs: number;
  readonly now: () => number;
}

/**
 * Paired rounds of each subject: a lone call and batches sent at once, in alternating order. Subjects with quick calls
 * come first and leave what they do not need to the slow ones; one for which three rounds do not fit is skipped, with the reason.
 */
export async function runBatches(
  context: LoadContext,
  sources: readonly CallSource[],
  options: BatchesOptions,
): Promise<BatchesResult> {
  const { untilMs } = options;
  const phase: Phase = {
    context,
    untilMs,
    leastRoundsUntilMs: options.leastRoundsUntilMs ?? untilMs,
    now: options.now ?? monotonicMs,
  };
  const startMs = phase.now();
  const skipped: SkippedSubject[] = [];
  const skip = ({ subject }: CallSource, says: string): unknown =>
    skipped.push({ subject: subject.name, says });
  const soloMs = (source: CallSource): number | undefined => options.soloMs.get(source.subject.name);
  const known = sources.filter((source) => soloMs(source) !== undefined);
  for (const source of sources)
    if (soloMs(source) === undefined)
      skip(source, 'not called several times at once, since no call of it alone succeeded.');
  const byCost = [...known].sort((a, b) => (soloMs(a) as number) - (soloMs(b) as number));

  const rounds = new Map<CallSource, readonly Round[]>();
  let calls = 0;
  for (const [k, source] of byCost.entries()) {
    if (isStopped(phase)) break;
    const { shareMs, sizes } = shareOf(byCost.slice(k), phase, {
      sizes: options.sizes ?? SIZES,
      soloMs: (of) => soloMs(of) as number,
    });
    const seen =
      sizes.length === 0
        ? []
        : await roundsOf(source, {
            phase,
            sizes,
            shareMs,
            loneFirst: options.seed % 2 === 0,
            soloMs: soloMs(source) as number,
          });
    calls += seen.length * sizes.reduce((sum, size) => sum + size, 1);
    if (seen.length >= MIN_ROUNDS) rounds.set(source, seen);
    else if (!isStopped(phase)) skip(source, whySkipped(seen, { soloMs: soloMs(source) as number, shareMs }));
    context.onProgress({
      subject: source.subject.name,
      done: Math.min(
        1,
        Math.max((k + 1) / byCost.length, (phase.now() - startMs) / Math.max(1, phase.untilMs - startMs)),
      ),
      calls,
    });
  }
  // In the order in which they were given.
  const subjects = known.flatMap((source) =>
    rounds.has(source) ? [{ subject: source.subject, rounds: rounds.get(source) as readonly Round[] }] : [],
  );
  return { evidence: { subjects }, skipped };
}

/**
 * The time for the first of `sources` (quickest first) and the sizes that it affords. Those too slow for the whole phase
 * take no share of it; where the shares are too small for three rounds, what may run over is shared too.
 */
function shareOf(
  sources: readonly CallSource[],
  phase: Phase,
  { sizes, soloMs }: { readonly sizes: readonly number[]; readonly soloMs: (source: CallSource) => number },
): { readonly shareMs: number; readonly sizes: readonly number[] } {
  const [first] = sources as readonly [CallSource, ...CallSource[]];
  const leftMs = phase.leastRoundsUntilMs - phase.now();
  const sharers = sources.filter((source) => worstMs(sizes.slice(0, 1), soloMs(source)) <= leftMs).length;
  const shareMs = (phase.untilMs - phase.now()) / Math.max(1, sharers);
  const affordable = [sizes, sizes.slice(0, 1)].find(
    (chosen, i) => worstMs(chosen, soloMs(first)) <= (i === 0 ? shareMs : leftMs / Math.max(1, sharers)),
  );
  return { shareMs, sizes: affordable ?? [] };
}

/** Three rounds, if the server answers one call after the other. */
function worstMs(sizes: readonly number[], soloMs: number): number {
  return MIN_ROUNDS * soloMs * sizes.reduce((sum, size) => sum + size, 1);
}

async function roundsOf(
  source: CallSource,
  {
    phase,
    sizes,
    shareMs,
    loneFirst,
    soloMs,
  }: {
    readonly phase: Phase;
    readonly sizes: readonly number[];
    readonly shareMs: number;
    readonly loneFirst: boolean;
    readonly soloMs: number;
  },
): Promise<readonly Round[]> {
  const endMs = phase.now() + shareMs;
  const rounds: Round[] = [];
  // The first batch over HTTP opens connections: it is not kept, where it costs little.
  const largest = sizes.at(-1) as number;
  if (soloMs * largest * 10 <= shareMs) await batchOf(source, largest, phase);
  let roundMs = 0;
  while (rounds.length < MAX_ROUNDS && !isStopped(phase)) {
    // Three rounds may run over the subject's share, and on a slow host over the phase.
    if (phase.now() + roundMs > (rounds.length < MIN_ROUNDS ? phase.leastRoundsUntilMs : endMs)) break;
    const beganMs = phase.now();
    const round = await oneRound(source, sizes, phase, loneFirst === (rounds.length % 2 === 0));
    if (phase.context.signal.aborted) break;
    rounds.push(round);
    roundMs = phase.now() - beganMs;
    if (allFailed(round)) break;
  }
  return rounds;
}

async function oneRound(
  source: CallSource,
  sizes: readonly number[],
  phase: Phase,
  loneFirst: boolean,
): Promise<Round> {
  const order = loneFirst ? [1, ...sizes] : [...sizes, 1];
  const bySize = new Map<number, Batch>();
  for (const size of order) bySize.set(size, await batchOf(source, size, phase));
  return { solo: bySize.get(1) as Batch, batches: sizes.map((size) => bySize.get(size) as Batch) };
}

/** Sends so many calls at once and waits for all. Times are those of the replies, so that the driver's own work is not in them. */
async function batchOf(source: CallSource, inFlight: number, { context }: Phase): Promise<Batch> {
  const requests = Array.from({ length: inFlight }, () => nextCall(source));
  const before = readClock(context.clock);
  const sent: Promise<Reply>[] = [];
  for (const { method, params } of requests)
    sent.push(
      context.session.request(method, params, { timeoutMs: context.callTimeoutMs, signal: context.signal }),
    );
  const replies = await Promise.all(sent);
  const used = usedBetween(before, readClock(context.clock));
  const startMs = Math.min(...replies.map((reply) => reply.sentAtMs));
  const doneMs = (reply: Reply): number => reply.sentAtMs + reply.latencyMs - startMs;
  const succeeded = replies.filter(isSuccess);
  return {
    inFlight,
    makespanMs: Math.max(...replies.map(doneMs)),
    completionsMs: succeeded.map(doneMs).sort((a, b) => a - b),
    errors: inFlight - succeeded.length,
    ...used,
  };
}

function isStopped({ context }: Phase): boolean {
  return context.signal.aborted || (context.session.process?.exit ?? null) !== null;
}

function allFailed({ solo, batches }: Round): boolean {
  return [solo, ...batches].every((batch) => batch.errors === batch.inFlight);
}

function whySkipped(
  seen: readonly Round[],
  { soloMs, shareMs }: { readonly soloMs: number; readonly shareMs: number },
): string {
  const last = seen.at(-1);
  if (last !== undefined && allFailed(last))
    return 'not measured with several calls at once: they all failed, though calls alone had succeeded.';
  // Said alike of all that it befalls: they may be hundreds.
  if (Math.round(shareMs) <= 0)
    return 'not called several times at once: the time for it was used up (raise --budget).';
  return `not called several times at once: a call takes ${Math.round(soloMs)} ms and the time for it was ${Math.round(shareMs)} ms (raise --budget).`;
}
