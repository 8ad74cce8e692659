import type { LatencyEvidence } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { Reply } from '../../session/session.ts';
import { median, seededRandom, shuffled } from '../../stats/index.ts';
import { nextCall } from '../call-numbers.ts';
import { difference, LatencyTally, readClock, usedBetween } from '../latency-tally.ts';
import type { CallSource, LoadContext } from '../load.ts';

export interface SoloOptions {
  /** End of the phase on the machine's monotonic clock; a call that is under way is still waited for. */
  readonly untilMs: number;
  /** Decides in which order the subjects take their turns. */
  readonly seed: number;
  /** Timed calls of a subject that are enough: 500 place its p99 within the top ten. */
  readonly maxCallsPerSubject?: number;
  /** So many timed calls each subject gets even when that takes longer than the phase, until `atLeast.untilMs`. */
  readonly atLeast?: { readonly calls: number; readonly untilMs: number };
  readonly now?: () => number;
}

/** Calls of one subject before the next has its turn: short enough that the machine's drift meets all alike. */
const BLOCK = 20;
/** A JIT-compiled server has settled after about so many calls; more follow while it still gets faster. */
const WARM_UP_CALLS = 50;
/** A block that is not 5 % faster than the one before is taken for steady. */
const STEADY_RATIO = 0.95;
/** Warm-up may take up to this share of a subject's time; a subject with a first call longer than that has none. */
const WARM_UP_SHARE = 0.25;
/** A subject of which the first calls all fail will not get better; nor one that twice in a row gave no answer. */
const VAIN_CALLS = 3;
const UNANSWERED_CALLS = 2;

/** How much longer than planned a phase may take so that every subject is called once. */
const FIRST_CALLS = 3;

/** Enough to see that it answers and how fast, too few for anybody to complain of. */
const GENTLE_CALLS = 5;

/** One subject's way through the phase. */
interface Turn {
  readonly source: CallSource;
  readonly tally: LatencyTally;
  warm: boolean;
  usedMs: number;
  lastCallMs: number;
  lastBlockMs: number;
  unanswered: number;
}
interface Phase {
  readonly context: LoadContext;
  readonly untilMs: number;
  readonly shareMs: number;
  readonly maxCalls: number;
  readonly atLeast: { readonly calls: number; readonly untilMs: number };
  readonly firstCallUntilMs: number;
  readonly now: () => number;
}

/**
 * Calls each subject alone, one call at a time, the subjects in turns. Subjects that need less than their share of the
 * time leave the rest to the slow ones. Ends early on abort, on the death of the server and when all have enough.
 */
export async function runSolo(
  context: LoadContext,
  sources: readonly CallSource[],
  options: SoloOptions,
): Promise<LatencyEvidence> {
  const now = options.now ?? monotonicMs;
  const startMs = now();
  const phase: Phase = {
    context,
    untilMs: options.untilMs,
    shareMs: (options.untilMs - startMs) / Math.max(1, sources.length),
    maxCalls: options.maxCallsPerSubject ?? 500,
    atLeast: options.atLeast ?? { calls: 1, untilMs: options.untilMs },
    firstCallUntilMs: startMs + FIRST_CALLS * (options.untilMs - startMs),
    now,
  };
  const turns = sources.map((source): Turn => ({
    source,
    tally: new LatencyTally(source.subject),
    warm: false,
    usedMs: 0,
    lastCallMs: 0,
    lastBlockMs: Number.POSITIVE_INFINITY,
    unanswered: 0,
  }));
  const order = shuffled(turns, seededRandom(options.seed));
  for (;;) {
    const turn = leastServed(order, phase);
    if (turn === null) break;
    const beganMs = now();
    await (turn.warm || beganMs >= phase.untilMs ? timedBlock(turn, phase) : warmUpBlock(turn, phase));
    turn.usedMs += now() - beganMs;
    context.onProgress({
      subject: turn.source.subject.name,
      done: doneShare(turns, phase, startMs),
      calls: turns.reduce((calls, each) => calls + each.tally.calls, 0),
    });
  }
  return { subjects: turns.map((turn) => turn.tally.result()) };
}

/** Whose turn it is: of those that need more calls and whose next one fits, the one that had the least time. */
function leastServed(turns: readonly Turn[], phase: Phase): Turn | null {
  let chosen: Turn | null = null;
  for (const turn of turns)
    if (wantsMore(turn, phase) && (chosen === null || turn.usedMs < chosen.usedMs)) chosen = turn;
  return chosen;
}

function wantsMore(turn: Turn, phase: Phase): boolean {
  const { tally } = turn;
  const maxCalls = mostTimedCalls(turn, phase);
  if (isCut(phase) || tally.timed >= maxCalls || isHopeless(turn)) return false;
  // Mostly failing ones must not run for ever either.
  if (tally.calls >= 2 * maxCalls) return false;
  const nowMs = phase.now();
  // One slow tool must not keep the others from being seen at all.
  if (tally.calls === 0) return nowMs < phase.firstCallUntilMs;
  // Quick calls cost the run nothing, even when a slow one has used up the time.
  const isQuick = turn.lastCallMs * 10 <= phase.shareMs;
  const untilMs = isQuick ? phase.firstCallUntilMs : phase.atLeast.untilMs;
  if (tally.timed < phase.atLeast.calls && nowMs < Math.max(untilMs, phase.atLeast.untilMs)) return true;
  return nowMs + turn.lastCallMs <= phase.untilMs;
}

function mostTimedCalls({ source }: Turn, { maxCalls }: Phase): number {
  return source.gentle === true ? Math.min(GENTLE_CALLS, maxCalls) : maxCalls;
}

function isHopeless({ tally, unanswered }: Turn): boolean {
  return (tally.successes === 0 && tally.calls >= VAIN_CALLS) || unanswered >= UNANSWERED_CALLS;
}

function isCut({ context }: Phase): boolean {
  return context.signal.aborted || (context.session.process?.exit ?? null) !== null;
}

async function warmUpBlock(turn: Turn, phase: Phase): Promise<void> {
  const limitMs = phase.shareMs * WARM_UP_SHARE;
  // Half of what is measured, when that is little: a phase of few calls wants them timed.
  const maxCalls = Math.floor(mostTimedCalls(turn, phase) / 2);
  const latenciesMs: number[] = [];
  while (latenciesMs.length < BLOCK && wantsMore(turn, phase)) {
    const reply = await callOnce(turn, phase);
    if (reply === null) return;
    if (turn.tally.calls === 0 && reply.latencyMs >= limitMs) {
      turn.tally.record(reply, null);
      turn.warm = true;
      return;
    }
    turn.tally.count(reply);
    latenciesMs.push(reply.latencyMs);
    if (turn.usedMs + latenciesMs.reduce((a, b) => a + b, 0) >= limitMs || turn.tally.calls >= maxCalls)
      turn.warm = true;
    if (turn.warm) return;
  }
  const blockMs = median(latenciesMs);
  turn.warm = turn.tally.calls >= WARM_UP_CALLS && !(blockMs < turn.lastBlockMs * STEADY_RATIO);
  turn.lastBlockMs = blockMs;
}

async function timedBlock(turn: Turn, phase: Phase): Promise<void> {
  const { clock } = phase.context;
  const before = readClock(clock);
  const endMs = phase.now() + phase.shareMs / 5;
  let main = before.main;
  let calls = 0;
  do {
    const reply = await callOnce(turn, phase);
    if (reply === null) break;
    const after = clock.mainThread();
    turn.tally.record(reply, difference(main?.hostDelayMs, after?.hostDelayMs));
    main = after;
    calls++;
  } while (calls < BLOCK && wantsMore(turn, phase) && phase.now() < endMs);
  turn.tally.addCpu(calls, usedBetween(before, readClock(clock)));
}

/** Null when the run was aborted meanwhile: then the answer says nothing about the server. */
async function callOnce(turn: Turn, { context }: Phase): Promise<Reply | null> {
  const { method, params } = nextCall(turn.source);
  const reply = await context.session.request(method, params, {
    timeoutMs: context.callTimeoutMs,
    signal: context.signal,
  });
  if (context.signal.aborted) return null;
  turn.lastCallMs = reply.latencyMs;
  turn.unanswered = reply.outcome === 'timeout' || reply.outcome === 'lost' ? turn.unanswered + 1 : 0;
  return reply;
}

/** By time or by calls, whichever is further. */
function doneShare(turns: readonly Turn[], phase: Phase, startMs: number): number {
  const byTime = (phase.now() - startMs) / Math.max(1, phase.untilMs - startMs);
  const byCalls =
    turns.reduce((done, { tally }) => done + Math.min(1, tally.timed / phase.maxCalls), 0) /
    Math.max(1, turns.length);
  return Math.min(1, Math.max(byTime, byCalls));
}
