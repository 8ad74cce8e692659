import type { RecordedMoment, RecordedOutcome } from '../evidence/index.ts';
import { keyOf } from './recording.ts';
import type { RecordedCall, Recording } from './recording.ts';

/** What a recording grows by, as it is kept in memory and, one a line, in the journal beside its file. */
export type RecordingEntry =
  /** Who speaks, and how. What was told first stays. */
  | { readonly facts: Partial<Pick<Recording['recording'], 'server' | 'client' | 'protocolVersion'>> }
  /** A call not made before; it has the next index. */
  | { readonly call: Omit<RecordedCall, 'weight'> }
  /** A session made its first call, ms after the recording's start; it has the next number. */
  | { readonly session: number }
  /** A call (index, session, ms after the session's start) was made; it has the next number. */
  | { readonly begin: readonly [call: number, session: number, atMs: number] }
  /** The call of that number has ended. */
  | { readonly end: readonly [begun: number, durationMs: number, outcome: RecordedOutcome] }
  /** A call was made so many more times than the timeline has room for. */
  | { readonly again: readonly [call: number, times: number] }
  /** The client's first answer to a method that servers ask for. */
  | { readonly reply: readonly [method: string, result: unknown] }
  | { readonly redacted: number }
  | { readonly dropped: number };

/** Of one run: more would be no workload, and memory is the client's machine's. */
const MOST_CALLS = 10_000;
const MOST_MOMENTS = 100_000;

type Begun = Pick<RecordedMoment, 'call' | 'session' | 'atMs'>;

/** A recording while it grows, entry by entry. */
export class RecordingSoFar {
  readonly #startedAt: string;
  readonly #calls: { call: Omit<RecordedCall, 'weight'>; count: number }[] = [];
  readonly #places: Map<string, number> = new Map();
  readonly #sessionStartsMs: number[] = [];
  readonly #open: Map<number, Begun> = new Map();
  readonly #moments: RecordedMoment[] = [];
  readonly #replies: Record<string, unknown> = {};
  #facts: Partial<Pick<Recording['recording'], 'server' | 'client' | 'protocolVersion'>> = {};
  #begun = 0;
  #size = 0;
  #redacted = 0;
  #dropped = 0;

  constructor(startedAt: string) {
    this.#startedAt = startedAt;
  }

  /** Calls made so far. */
  get size(): number {
    return this.#size;
  }

  /** Calls in the timeline so far, which is the number that the next one has. */
  get begun(): number {
    return this.#begun;
  }

  get sessions(): number {
    return this.#sessionStartsMs.length;
  }

  /** Whether the timeline takes another call. */
  get hasRoom(): boolean {
    return this.#begun < MOST_MOMENTS;
  }

  /** The index of a call; -1 = it was not made before, null = nor is there room for another. */
  indexOf(call: Omit<RecordedCall, 'weight'>): number | null {
    return this.#places.get(keyOf({ ...call, weight: 1 })) ?? (this.#calls.length < MOST_CALLS ? -1 : null);
  }

  hasReplyTo(method: string): boolean {
    return Object.hasOwn(this.#replies, method);
  }

  add(entry: RecordingEntry): void {
    if ('begin' in entry) {
      const [call, session, atMs] = entry.begin;
      this.#open.set(this.#begun++, { call, session, atMs });
      this.#count(call, 1);
    } else if ('end' in entry) this.#end(...entry.end);
    else if ('again' in entry) this.#count(...entry.again);
    else if ('call' in entry) {
      this.#places.set(keyOf({ ...entry.call, weight: 1 }), this.#calls.length);
      this.#calls.push({ call: entry.call, count: 0 });
    } else if ('session' in entry) this.#sessionStartsMs.push(entry.session);
    else if ('facts' in entry) this.#facts = { ...entry.facts, ...this.#facts };
    else if ('reply' in entry) this.#replies[entry.reply[0]] ??= entry.reply[1];
    else if ('redacted' in entry) this.#redacted += entry.redacted;
    else this.#dropped += entry.dropped;
  }

  /** What still waits for its answer counts as unanswered. */
  recording(): Recording {
    const open = [...this.#open.values()].map((begun): RecordedMoment => ({
      ...begun,
      durationMs: null,
      outcome: 'unanswered',
    }));
    const { server = null, client = null, protocolVersion = null } = this.#facts;
    return {
      schema: 'mettle/workload@1',
      calls: this.#calls.map(({ call, count }) => ({ ...call, weight: count })),
      ...(Object.keys(this.#replies).length === 0 ? {} : { replies: this.#replies }),
      recording: {
        startedAt: this.#startedAt,
        server,
        client,
        protocolVersion,
        sessions: this.sessions,
        sessionStartsMs: this.#sessionStartsMs,
        redacted: this.#redacted,
        dropped: this.#dropped,
        timeline: [...this.#moments, ...open].toSorted((a, b) => a.session - b.session || a.atMs - b.atMs),
      },
    };
  }

  #count(call: number, times: number): void {
    const known = this.#calls[call];
    if (known === undefined) return;
    known.count += times;
    this.#size += times;
  }

  #end(number: number, durationMs: number, outcome: RecordedOutcome): void {
    const begun = this.#open.get(number);
    if (begun === undefined) return;
    this.#open.delete(number);
    this.#moments.push({ ...begun, durationMs, outcome });
  }
}
