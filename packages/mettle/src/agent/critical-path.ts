import type { Call } from './calls.ts';
import type { Waker } from './async-kinds.ts';
import type { PoolJob } from './thread-pool.ts';

/** A moment, with what had run until then. Times are performance.now(). */
export interface Mark {
  readonly atMs: number;
  /** Time on the main thread of everybody so far, and of the one call that the mark was made for. */
  readonly busyMs: number;
  readonly ranMs: number;
  /** Time of the main thread in the host's run queue so far; -1 where unknown. */
  readonly hostMs: number;
  readonly turn: Turn | null;
}

/** Something asynchronous that was begun, and that will make the event loop call back. */
export interface Pending {
  readonly waker: Waker;
  readonly lane: WaitingLane | null;
  readonly begun: Mark | null;
  readonly job: PoolJob | null;
}

/** One callback of the event loop with all the microtasks that follow it. */
export interface Turn {
  readonly startedAtMs: number;
  readonly busyMs: number;
  /** How long the main thread stood in the host's run queue before it. */
  readonly delayedMs: number;
  /** Since when callbacks followed one another without a pause: what came in meanwhile had to wait for them. */
  readonly busyFromMs: number;
  /** Why the loop called back; null for what nobody can tell. */
  readonly pending: Pending | null;
  /** Turns that led to this one, so that the chain stays short enough to keep. */
  readonly depth: number;
  /** The calls that ran in it. */
  readonly lanes: Set<WaitingLane>;
}

/** Writes of one call on one conversation that are remembered. */
const MAX_WRITES = 1_000;

/** One call, followed from its message to its reply. */
export class WaitingLane {
  readonly call: Call;
  readonly start: Mark;
  /** No other call was in flight with it: whatever the main thread did meanwhile, it did for this one. */
  alone = true;
  ranMs = 0;
  /** When it stopped running, each time; bounded. */
  readonly stops: Mark[] = [];
  /** Its writes on each conversation; bounded. */
  readonly #writes = new Map<object, Mark[]>();
  replied = false;

  constructor(call: Call, start: Mark) {
    this.call = call;
    this.start = start;
  }

  /** The last moment at which it ran before `atMs`, or its start. */
  lastRunBefore(atMs: number): Mark {
    return lastUntil(this.stops, atMs) ?? this.start;
  }

  wrote(channel: object, mark: Mark): void {
    const marks = this.#writes.get(channel);
    if (marks === undefined) this.#writes.set(channel, [mark]);
    else if (marks.length < MAX_WRITES) marks.push(mark);
  }

  /** Its last write on `channel` until `atMs`. */
  lastWriteBefore(channel: object, atMs: number): Mark | undefined {
    return lastUntil(this.#writes.get(channel) ?? [], atMs);
  }
}

/** Of marks in order, the last one until `atMs`. */
function lastUntil(marks: readonly Mark[], atMs: number): Mark | undefined {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.atMs ?? Infinity) <= atMs) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1];
}

/** One of the things that a call waited for. */
export interface Segment {
  readonly kind: Waker['kind'];
  readonly what: string | null;
  readonly ms: number;
}

/** Longer chains of waits than this are cut; what lies before is unexplained. */
const MAX_SEGMENTS = 1_000;
/** Between two callbacks the loop needs some time itself; less than this waited for nobody. */
const LOOP_COUNTS_FROM_MS = 1;

/** What a call waited for, and how long the host kept the main thread from running meanwhile. */
export interface Path {
  readonly segments: readonly Segment[];
  readonly hostDelayMs: number;
}

/**
 * Follows the reply back to the message: what woke the turn in which the reply was made, when and in which turn that
 * had been begun, what had woken that turn, and so on. What the call had started besides never held it up. A shared
 * socket is told by who wrote on it, not by who made it, so that pools of connections come out right.
 */
export function criticalPath(lane: WaitingLane, last: Turn): Path {
  const segments: Segment[] = [];
  let hostDelayMs = 0;
  let turn: Turn | null = last;
  for (let i = 0; i < MAX_SEGMENTS && turn !== null && turn.startedAtMs > lane.start.atMs; i++) {
    const { waker, from } = stepOf(lane, turn);
    const stop = lane.lastRunBefore(turn.startedAtMs);
    const ranMs = Math.max(0, lane.alone ? turn.busyMs - from.busyMs : stop.ranMs - from.ranMs);
    const notRunningMs = Math.max(0, turn.startedAtMs - from.atMs - ranMs);
    const delayedMs = Math.min(notRunningMs, turn.delayedMs);
    const waitedMs = notRunningMs - delayedMs;
    hostDelayMs += delayedMs;
    if (waitedMs > 0) segments.push(...split(lane, turn, { waker, from, waitedMs, ranMs }));
    turn = from.turn === turn ? null : from.turn;
  }
  return { segments, hostDelayMs };
}

interface Step {
  readonly waker: Waker;
  readonly from: Mark;
}

const OTHER_CALL: Waker = { kind: 'lock', what: null, channel: null };
const UNKNOWN: Waker = { kind: 'other', what: null, channel: null };

/** Why the turn came, as the call sees it, and from when on it waited for that. */
function stepOf(lane: WaitingLane, turn: Turn): Step {
  const stopped = lane.lastRunBefore(turn.startedAtMs);
  const { pending } = turn;
  if (pending === null) return { waker: servedAnother(lane, turn) ? OTHER_CALL : UNKNOWN, from: stopped };
  const { waker } = pending;
  const within = (mark: Mark | null | undefined): Mark =>
    mark == null || mark.atMs < lane.start.atMs ? stopped : mark;
  if (waker.kind === 'client') return { waker, from: stopped };
  const own = waker.channel === null ? undefined : lane.lastWriteBefore(waker.channel, turn.startedAtMs);
  if (own !== undefined) return { waker, from: within(own) };
  if (pending.lane === lane) return { waker, from: within(pending.begun) };
  // Begun by another call that was in flight, or a turn that was for another one: whatever it was, it was not this call's.
  if (pending.lane !== null || servedAnother(lane, turn)) return { waker: OTHER_CALL, from: stopped };
  return { waker, from: within(pending.begun) };
}

function servedAnother(lane: WaitingLane, turn: Turn): boolean {
  return turn.lanes.size > 0 && !turn.lanes.has(lane);
}

/** Of a wait, the parts in the thread pool's queue and behind whatever else held the loop. */
function split(
  lane: WaitingLane,
  turn: Turn,
  { waker, from, waitedMs, ranMs }: Step & { readonly waitedMs: number; readonly ranMs: number },
): Segment[] {
  const { kind, what } = waker;
  const heldMs = turn.startedAtMs - Math.max(turn.busyFromMs, from.atMs) - ranMs;
  // With no other call in flight nobody else's code held the loop: all that ran is in `ranMs`.
  const loopMs = !lane.alone && heldMs >= LOOP_COUNTS_FROM_MS ? Math.min(waitedMs, heldMs) : 0;
  const job = turn.pending?.lane === lane ? (turn.pending.job ?? null) : null;
  const queuedMs =
    job === null ? 0 : Math.min(waitedMs - loopMs, Math.max(0, (job.startedAtMs ?? 0) - from.atMs));
  return [
    { kind: 'event-loop' as const, what: null, ms: loopMs },
    { kind: 'thread-pool-queue' as const, what: null, ms: queuedMs },
    { kind, what, ms: waitedMs - loopMs - queuedMs },
  ].filter(({ ms }) => ms > 0);
}
