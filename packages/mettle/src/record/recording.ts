import type { RecordedMoment } from '../evidence/index.ts';

/** One distinct call, and how often it was made. */
export interface RecordedCall {
  readonly tool?: string;
  readonly arguments?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  readonly weight: number;
}

/** A workload file as `mettle record` writes it: what every examination reads, and how it went. */
export interface Recording {
  readonly schema: 'mettle/workload@1';
  readonly calls: readonly RecordedCall[];
  readonly replies?: Readonly<Record<string, unknown>>;
  readonly recording: {
    readonly startedAt: string;
    readonly server: { readonly name: string; readonly version: string } | null;
    readonly client: { readonly name: string; readonly version: string } | null;
    readonly protocolVersion: string | null;
    readonly sessions: number;
    /** When each session made its first call, after `startedAt`; older recordings do not say. */
    readonly sessionStartsMs?: readonly number[];
    /** Values left out as likely secrets: such calls may fail when they are replayed. */
    readonly redacted: number;
    /** Calls that were not kept: too large, or beyond what a recording may hold. */
    readonly dropped: number;
    readonly timeline: readonly RecordedMoment[];
  };
}

/** Beyond this a timeline tells nothing new, and the file grows without end. */
const MOST_MOMENTS = 100_000;

/** The calls of `later` added to `earlier`, as one recording of more sessions. */
export function mergeRecordings(earlier: Recording, later: Recording): Recording {
  const calls: RecordedCall[] = [...earlier.calls];
  const at = new Map(calls.map((call, i) => [keyOf(call), i]));
  const place = later.calls.map((call) => {
    const known = at.get(keyOf(call));
    if (known === undefined) {
      at.set(keyOf(call), calls.length);
      return calls.push(call) - 1;
    }
    const before = calls[known] as RecordedCall;
    calls[known] = { ...before, weight: before.weight + call.weight };
    return known;
  });
  const { recording } = earlier;
  const sessionStartsMs = startsOfBoth(recording, later.recording);
  const moved = later.recording.timeline.map((moment) => ({
    ...moment,
    call: place[moment.call] ?? 0,
    session: moment.session + recording.sessions,
  }));
  const timeline = [...recording.timeline, ...moved];
  const replies = { ...earlier.replies, ...later.replies };
  return {
    schema: 'mettle/workload@1',
    calls,
    ...(Object.keys(replies).length === 0 ? {} : { replies }),
    recording: {
      startedAt: recording.startedAt,
      server: later.recording.server ?? recording.server,
      client: later.recording.client ?? recording.client,
      protocolVersion: later.recording.protocolVersion ?? recording.protocolVersion,
      sessions: recording.sessions + later.recording.sessions,
      ...(sessionStartsMs === null ? {} : { sessionStartsMs }),
      redacted: recording.redacted + later.recording.redacted,
      dropped: recording.dropped + later.recording.dropped + Math.max(0, timeline.length - MOST_MOMENTS),
      timeline: timeline.slice(0, MOST_MOMENTS),
    },
  };
}

/** By the clock of the earlier one; null when either does not say. */
function startsOfBoth(
  earlier: Recording['recording'],
  later: Recording['recording'],
): readonly number[] | null {
  const apartMs = Date.parse(later.startedAt) - Date.parse(earlier.startedAt);
  if (earlier.sessionStartsMs === undefined || later.sessionStartsMs === undefined || Number.isNaN(apartMs))
    return null;
  return [...earlier.sessionStartsMs, ...later.sessionStartsMs.map((ms) => ms + apartMs)];
}

/** The same for equal calls, whatever the order of their keys. */
export function keyOf({ tool, arguments: args, method, params }: RecordedCall): string {
  return JSON.stringify([tool ?? null, method ?? null, canonical(args ?? params ?? null)]);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, canonical(each)]),
  );
}
