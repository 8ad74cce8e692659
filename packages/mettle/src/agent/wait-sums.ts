import type { SubjectWaits } from '../evidence/index.ts';
import type { Mark, Path, Segment, WaitingLane } from './critical-path.ts';

/** Different things that calls of one subject waited for, kept apart; further ones are summed by kind. */
const MAX_THINGS = 20;
/** Subjects kept: more than the tools of any server seen. */
const MAX_SUBJECTS = 2_000;

/** What a call leaves unexplained below this is the event loop's own work. */
const LOOP_MS = 1;

/** Calls kept one by one; of further ones there is no need. */
const MAX_CALLS = 200;

/** One call's time. */
interface CallTime {
  readonly alone: boolean;
  readonly wallMs: number;
  readonly onThreadMs: number;
  readonly hostDelayMs: number;
  readonly segments: readonly Segment[];
}

/** Adds up what calls waited for, in bounded memory. */
export class WaitSums {
  readonly #subjects = new Map<string, CallTime[]>();

  /** A call that was answered at `end`. */
  add(lane: WaitingLane, end: Mark, path: Path | null): void {
    const calls = this.#callsOf(lane.call.subject ?? '');
    if (calls !== null && calls.length < MAX_CALLS) calls.push(timeOf(lane, end, path));
  }

  /** The sums, per subject. */
  subjects(): SubjectWaits[] {
    return [...this.#subjects].map(([name, calls]) => sum(name, leastDisturbed(calls)));
  }

  #callsOf(subject: string): CallTime[] | null {
    const known = this.#subjects.get(subject);
    if (known !== undefined || this.#subjects.size >= MAX_SUBJECTS) return known ?? null;
    const calls: CallTime[] = [];
    this.#subjects.set(subject, calls);
    return calls;
  }
}

function timeOf(lane: WaitingLane, end: Mark, path: Path | null): CallTime {
  const { alone } = lane;
  const wallMs = end.atMs - lane.start.atMs;
  const segments = path === null ? [] : [...path.segments];
  const waitedMs = segments.reduce((total, { ms }) => total + ms, 0);
  const waitingDelayMs = path?.hostDelayMs ?? 0;
  // Delays of the main thread that came in none of its waits came while it ran, or while others did.
  const runningDelayMs = end.hostMs < 0 ? 0 : Math.max(0, end.hostMs - lane.start.hostMs - waitingDelayMs);
  const ranMs = alone ? end.busyMs - lane.start.busyMs : lane.ranMs;
  const ownDelayMs = Math.min(ranMs, alone ? runningDelayMs : runningDelayMs * (ranMs / wallMs));
  const unexplainedMs = Math.max(0, wallMs - waitedMs - waitingDelayMs - ranMs);
  // Neither run nor waited, and the host delayed the thread besides: that explains it.
  const betweenDelayMs = Math.min(unexplainedMs, runningDelayMs - ownDelayMs);
  const restMs = unexplainedMs - betweenDelayMs;
  // Ready to go on, but other calls ran before it; alone, it went on without a callback that Node tells of.
  if (!alone) segments.push({ kind: 'event-loop', what: null, ms: restMs });
  else if (restMs >= LOOP_MS) segments.push({ kind: 'other', what: null, ms: restMs });
  const othersDelayMs = runningDelayMs - ownDelayMs - betweenDelayMs;
  const kept = withoutDelay(segments, othersDelayMs);
  return {
    alone,
    wallMs,
    onThreadMs: ranMs - ownDelayMs + (alone && restMs < LOOP_MS ? restMs : 0),
    hostDelayMs: waitingDelayMs + ownDelayMs + betweenDelayMs + kept.delayMs,
    segments: kept.segments,
  };
}

/** What held the loop before this call was delayed by the host as well: that part is the host's. */
function withoutDelay(
  segments: readonly Segment[],
  othersDelayMs: number,
): { readonly segments: readonly Segment[]; readonly delayMs: number } {
  const heldMs = segments.reduce((total, { kind, ms }) => total + (kind === 'event-loop' ? ms : 0), 0);
  const delayMs = Math.min(heldMs, Math.max(0, othersDelayMs));
  if (delayMs === 0) return { segments, delayMs };
  const keep = 1 - delayMs / heldMs;
  return {
    segments: segments.map((segment) =>
      segment.kind === 'event-loop' ? { ...segment, ms: segment.ms * keep } : segment,
    ),
    delayMs,
  };
}

/**
 * Of calls that came one at a time, the half that the host delayed least: they are alike, and what it did to the others
 * is not the server's. Those that came together are not alike, the last waits longest, and all are kept.
 */
function leastDisturbed(calls: readonly CallTime[]): readonly CallTime[] {
  if (calls.length < 3 || calls.some(({ alone }) => !alone)) return calls;
  return calls
    .toSorted((a, b) => a.hostDelayMs / a.wallMs - b.hostDelayMs / b.wallMs)
    .slice(0, Math.ceil(calls.length / 2));
}

function sum(name: string, calls: readonly CallTime[]): SubjectWaits {
  const total = (of: (call: CallTime) => number): number => calls.reduce((so, call) => so + of(call), 0);
  const things = new Map<
    string,
    { readonly kind: Segment['kind']; readonly what: string | null; ms: number }
  >();
  for (const { kind, what, ms } of calls.flatMap(({ segments }) => segments)) {
    const key = `${kind} ${what ?? ''}`;
    const place = things.has(key) || things.size < MAX_THINGS ? key : `${kind} …`;
    const thing = things.get(place) ?? { kind, what: place === key ? what : null, ms: 0 };
    thing.ms += ms;
    things.set(place, thing);
  }
  return {
    name,
    calls: calls.length,
    wallMs: total((call) => call.wallMs),
    onThreadMs: total((call) => call.onThreadMs),
    hostDelayMs: total((call) => call.hostDelayMs),
    waits: [...things.values()].filter(({ ms }) => ms > 0).toSorted((a, b) => b.ms - a.ms),
  };
}
