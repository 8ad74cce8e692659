import type { SubjectWaits } from '../evidence/index.ts';
import type { Mark, Path, Segment, WaitingLane } from './critical-path.ts';

/** Different things that calls of one subject waited for, kept apart; further ones are summed by kind. */
const MAX_THINGS = 20;
/** Subjects kept: more than the tools of any server seen. */
const MAX_SUBJECTS = 2_000;

/** What a call leaves unexplained below this is the event loop's own work. */
const LOOP_MS = 1;

interface Sums {
  calls: number;
  wallMs: number;
  onThreadMs: number;
  hostDelayMs: number;
  readonly things: Map<string, { readonly kind: Segment['kind']; readonly what: string | null; ms: number }>;
}

/** Adds up what calls waited for, in bounded memory. */
export class WaitSums {
  readonly #subjects = new Map<string, Sums>();

  /** A call that was answered at `end`. */
  add(lane: WaitingLane, end: Mark, path: Path | null): void {
    const sums = this.#sumsOf(lane.call.subject ?? '');
    if (sums === null) return;
    const wallMs = end.atMs - lane.start.atMs;
    const segments = path?.segments ?? [];
    const waitedMs = segments.reduce((sum, { ms }) => sum + ms, 0);
    const waitingDelayMs = path?.hostDelayMs ?? 0;
    // Delays of the main thread that came in none of its waits came while it ran, or while others did.
    const runningDelayMs = end.hostMs < 0 ? 0 : Math.max(0, end.hostMs - lane.start.hostMs - waitingDelayMs);
    const ranMs = lane.alone ? end.busyMs - lane.start.busyMs : lane.ranMs;
    const ownDelayMs = Math.min(ranMs, lane.alone ? runningDelayMs : runningDelayMs * (ranMs / wallMs));
    const unexplainedMs = Math.max(0, wallMs - waitedMs - waitingDelayMs - ranMs);
    // Neither run nor waited, and the host delayed the thread besides: that explains it.
    const betweenDelayMs = Math.min(unexplainedMs, runningDelayMs - ownDelayMs);
    const restMs = unexplainedMs - betweenDelayMs;
    sums.calls++;
    sums.wallMs += wallMs;
    sums.onThreadMs += ranMs - ownDelayMs + (lane.alone && restMs < LOOP_MS ? restMs : 0);
    sums.hostDelayMs += waitingDelayMs + ownDelayMs + betweenDelayMs;
    for (const segment of segments) addTo(sums, segment);
    // Ready to go on, but other calls ran before it; alone, it went on without a callback that Node tells of.
    if (!lane.alone) addTo(sums, { kind: 'event-loop', what: null, ms: restMs });
    else if (restMs >= LOOP_MS) addTo(sums, { kind: 'other', what: null, ms: restMs });
  }

  /** The sums, per subject. */
  subjects(): SubjectWaits[] {
    return [...this.#subjects].map(([name, { calls, wallMs, onThreadMs, hostDelayMs, things }]) => ({
      name,
      calls,
      wallMs,
      onThreadMs,
      hostDelayMs,
      waits: [...things.values()].toSorted((a, b) => b.ms - a.ms),
    }));
  }

  #sumsOf(subject: string): Sums | null {
    const known = this.#subjects.get(subject);
    if (known !== undefined || this.#subjects.size >= MAX_SUBJECTS) return known ?? null;
    const sums: Sums = { calls: 0, wallMs: 0, onThreadMs: 0, hostDelayMs: 0, things: new Map() };
    this.#subjects.set(subject, sums);
    return sums;
  }
}

function addTo({ things }: Sums, { kind, what, ms }: Segment): void {
  const key = `${kind} ${what ?? ''}`;
  const place = things.has(key) || things.size < MAX_THINGS ? key : `${kind} …`;
  const thing = things.get(place) ?? { kind, what: place === key ? what : null, ms: 0 };
  thing.ms += ms;
  things.set(place, thing);
}
