import type { RecordedMoment, ReplayFigures, Subject } from '../../evidence/index.ts';
import { quantile } from '../../stats/index.ts';
import { requestOf } from '../sources.ts';
import type { PreparedRequest } from '../sources.ts';
import type { Workload } from '../workload.ts';
import { readRecorded } from './recorded.ts';
import type { Recorded } from './recorded.ts';

/** One call of a replay. */
export interface ScheduledCall {
  readonly subject: Subject;
  readonly request: PreparedRequest;
  /** Index into `sessions`. */
  readonly session: number;
  /** After the beginning of the replay. */
  readonly atMs: number;
  /** Its place among the calls of its session in the order in which they were answered. */
  readonly endRank: number;
  /** How many of its session, in that order, its client had the answers of when it made the call. */
  readonly follows: number;
  readonly recorded: RecordedMoment;
}

/** A recording as it is to be made again. */
export interface ReplaySchedule {
  /** By their times. */
  readonly calls: readonly ScheduledCall[];
  /** By number in the replay: when the first call of each comes, and how many there are. */
  readonly sessions: readonly { readonly startMs: number; readonly calls: number }[];
  readonly mostSessions: number;
  readonly durationMs: number;
  readonly recorded: ReplayFigures['recorded'];
  readonly idleCutMs: number;
  readonly leftOut: ReplayFigures['leftOut'];
}

export interface ReplaySetting {
  readonly speed: number;
  /** Stretches in which nothing was under way are no longer than this; null: as long as they were. */
  readonly longestPauseMs: number | null;
  /** Calls after this are left out; null: none. */
  readonly untilMs: number | null;
}

/** Which calls are made: null, or why not. */
export type WhyNot = (subject: Subject) => string | null;

/** Between two recordings in one file lie hours in which no client was there. */
const BETWEEN_SESSIONS_MS = 1000;

interface Placed {
  readonly moment: RecordedMoment;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * When each call of the recording comes: order, pauses and what overlapped as they were. Time in which no session was
 * open is cut to a second. Throws UsageError when the workload is no recording.
 */
export function scheduleReplay(
  workload: Workload,
  { speed, longestPauseMs, untilMs }: ReplaySetting,
  options: { readonly whyNot: WhyNot; readonly directory: string | null; readonly seed: number },
): ReplaySchedule {
  const recorded = placedMoments(readRecorded(workload));
  const { placed, idleCutMs } = withoutIdleTime(recorded, longestPauseMs);
  const leftOut = new Map<string, { subject: string; calls: number; why: string }>();
  const kept: Placed[] = [];
  for (const each of placed) {
    const subject = subjectOf(workload, each.moment);
    const late = untilMs !== null && each.startMs / speed >= untilMs;
    const why = options.whyNot(subject) ?? (late ? 'it comes after the time that was given' : null);
    if (why === null) kept.push(each);
    else {
      const key = `${subject.name}\n${why}`;
      const row = leftOut.get(key) ?? { subject: subject.name, calls: 0, why };
      row.calls++;
      leftOut.set(key, row);
    }
  }
  const numbers = new Map([...new Set(kept.map(({ moment }) => moment.session))].map((name, i) => [name, i]));
  const order = orderOfAnswers(kept);
  const calls = kept.map((each, i): ScheduledCall => ({
    subject: subjectOf(workload, each.moment),
    request: requestOf(workload.calls[each.moment.call] as Workload['calls'][number], options)(i),
    session: numbers.get(each.moment.session) as number,
    atMs: each.startMs / speed,
    ...(order.get(each) as { endRank: number; follows: number }),
    recorded: each.moment,
  }));
  const sessions = [...bySession(kept).values()].map((own) => ({
    startMs: (own[0] as Placed).startMs / speed,
    calls: own.length,
  }));
  return {
    calls,
    sessions,
    mostSessions: most(spansOfSessions(kept)),
    durationMs: calls.at(-1)?.atMs ?? 0,
    recorded: figuresOf(recorded),
    idleCutMs,
    leftOut: [...leftOut.values()],
  };
}

/** Each call on the recording's own clock, by its start. Where the starts of sessions are not known, one follows the other. */
function placedMoments({ moments, sessionStartsMs }: Recorded): readonly Placed[] {
  const starts = new Map<number, number>();
  let free = 0;
  for (const [session, own] of [...bySession(moments.map((moment) => ({ moment })))].toSorted(
    ([a], [b]) => a - b,
  )) {
    starts.set(session, sessionStartsMs?.[session] ?? free);
    free += own.reduce((last, { moment }) => Math.max(last, moment.atMs + (moment.durationMs ?? 0)), 0);
    free += BETWEEN_SESSIONS_MS;
  }
  return moments
    .map((moment) => {
      const startMs = (starts.get(moment.session) as number) + moment.atMs;
      return { moment, startMs, endMs: startMs + (moment.durationMs ?? 0) };
    })
    .toSorted((a, b) => a.startMs - b.startMs);
}

/** Begins with the first call; pauses that are too long are cut. */
function withoutIdleTime(
  recorded: readonly Placed[],
  longestPauseMs: number | null,
): { readonly placed: readonly Placed[]; readonly idleCutMs: number } {
  const openUntil = spansOfSessions(recorded);
  let shiftMs = recorded[0]?.startMs ?? 0;
  let idleCutMs = 0;
  let busyUntilMs = shiftMs;
  let sessionsUntilMs = shiftMs;
  const seen = new Set<number>();
  const placed = recorded.map((each) => {
    const { session } = each.moment;
    const idleMs = each.startMs - busyUntilMs;
    const someoneIsThere = seen.has(session) || each.startMs <= sessionsUntilMs;
    const allowedMs = Math.min(someoneIsThere ? Infinity : BETWEEN_SESSIONS_MS, longestPauseMs ?? Infinity);
    const cutMs = Math.max(0, idleMs - allowedMs);
    shiftMs += cutMs;
    idleCutMs += cutMs;
    busyUntilMs = Math.max(busyUntilMs, each.endMs);
    if (!seen.has(session)) sessionsUntilMs = Math.max(sessionsUntilMs, openUntil.get(session)?.endMs ?? 0);
    seen.add(session);
    return { moment: each.moment, startMs: each.startMs - shiftMs, endMs: each.endMs - shiftMs };
  });
  return { placed, idleCutMs };
}

type Span = { startMs: number; endMs: number };

function spansOfSessions(placed: readonly Placed[]): ReadonlyMap<number, Span> {
  const spans = new Map<number, Span>();
  for (const { moment, startMs, endMs } of placed) {
    const span = spans.get(moment.session);
    if (span === undefined) spans.set(moment.session, { startMs, endMs });
    else span.endMs = Math.max(span.endMs, endMs);
  }
  return spans;
}

/** What a client knew when it made a call: a call that came after an answer may rest on it. */
function orderOfAnswers(
  placed: readonly Placed[],
): ReadonlyMap<Placed, { readonly endRank: number; readonly follows: number }> {
  const order = new Map<Placed, { endRank: number; follows: number }>();
  for (const own of bySession(placed).values()) {
    // An answer that never came, or came after the client had given up, was waited for by nobody.
    const ends = own.toSorted((a, b) => knownAtMs(a) - knownAtMs(b));
    for (const [endRank, each] of ends.entries()) order.set(each, { endRank, follows: 0 });
    let known = 0;
    for (const each of own) {
      while (known < ends.length && knownAtMs(ends[known] as Placed) <= each.startMs) known++;
      (order.get(each) as { follows: number }).follows = known;
    }
  }
  return order;
}

function knownAtMs({ moment, endMs }: Placed): number {
  return moment.outcome === 'cancelled' || moment.durationMs === null ? Infinity : endMs;
}

function figuresOf(recorded: readonly Placed[]): ReplayFigures['recorded'] {
  const took = recorded
    .flatMap(({ moment }) =>
      moment.durationMs === null || moment.outcome === 'cancelled' ? [] : [moment.durationMs],
    )
    .toSorted((a, b) => a - b);
  const startMs = recorded[0]?.startMs ?? 0;
  return {
    calls: recorded.length,
    sessions: new Set(recorded.map(({ moment }) => moment.session)).size,
    durationMs: recorded.reduce((last, { endMs }) => Math.max(last, endMs - startMs), 0),
    mostUnderWay: most(new Map(recorded.map((each) => [each, each]))),
    p50Ms: took.length === 0 ? null : quantile(took, 0.5),
    p99Ms: took.length === 0 ? null : quantile(took, 0.99),
  };
}

/** How many of these were there at once, at most. */
function most(spans: ReadonlyMap<unknown, Span>): number {
  const edges = [...spans.values()].flatMap(({ startMs, endMs }) => [
    { ms: startMs, by: 1 },
    { ms: endMs, by: -1 },
  ]);
  // What takes no time is there too: beginnings go before ends.
  edges.sort((a, b) => a.ms - b.ms || b.by - a.by);
  let now = 0;
  return edges.reduce((highest, { by }) => Math.max(highest, (now += by)), 0);
}

/** In the order in which sessions first come. */
function bySession<T extends { readonly moment: RecordedMoment }>(
  placed: readonly T[],
): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>();
  for (const each of placed) {
    const group = groups.get(each.moment.session);
    if (group === undefined) groups.set(each.moment.session, [each]);
    else group.push(each);
  }
  return groups;
}

function subjectOf({ calls }: Workload, { call }: RecordedMoment): Subject {
  const made = calls[call] as Workload['calls'][number];
  return 'tool' in made ? { name: made.tool, kind: 'tool' } : { name: made.method, kind: 'method' };
}
