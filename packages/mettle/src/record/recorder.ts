import type { RecordedMoment, RecordedOutcome } from '../evidence/index.ts';
import { keyOf } from './recording.ts';
import type { RecordedCall, Recording } from './recording.ts';
import type { Redaction } from './redaction.ts';

/** Which way a message goes. */
export type Direction = 'to-server' | 'to-client';

/** Where a message belongs: its session, and within which conversation its id is unique. */
export interface Conversation {
  readonly session: string;
  readonly ids: string;
}

/** Methods that make or keep the connection: every examination makes them itself. */
const OF_THE_CONNECTION = new Set([
  'initialize',
  'ping',
  'server/discover',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
]);
/** What the client is asked: its answer is one that a workload can give. */
const ANSWERABLE = new Set(['elicitation/create', 'sampling/createMessage', 'roots/list']);
/** Of one run: more would be no workload, and memory is the client's machine's. */
const MOST_CALLS = 10_000;
const MOST_MOMENTS = 100_000;
const MOST_WAITING = 10_000;

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly moment: { call: number; session: number; atMs: number };
}

/** Hears both sides of one or more sessions and keeps the calls. Nothing that it hears can make it throw. */
export class Recorder {
  readonly #redaction: Redaction;
  readonly #nowMs: () => number;
  readonly #startedAt: string;
  readonly #startedMs: number;
  readonly #calls: { call: RecordedCall; count: number }[] = [];
  readonly #places: Map<string, number> = new Map();
  readonly #moments: RecordedMoment[] = [];
  readonly #replies: Record<string, unknown> = {};
  readonly #sessions: Map<string, { readonly number: number; readonly startedMs: number }> = new Map();
  readonly #waiting: Map<string, Waiting> = new Map();
  readonly #asked: Map<string, string> = new Map();
  #server: { name: string; version: string } | null = null;
  #client: { name: string; version: string } | null = null;
  #protocolVersion: string | null = null;
  #redacted = 0;
  #dropped = 0;

  constructor(redaction: Redaction, nowMs: () => number, startedAt: string) {
    this.#redaction = redaction;
    this.#nowMs = nowMs;
    this.#startedAt = startedAt;
    this.#startedMs = nowMs();
  }

  /** A message as it went by; `atMs` is when. A batch is its messages. */
  hear(from: Conversation, direction: Direction, value: unknown, atMs: number = this.#nowMs()): void {
    try {
      for (const message of Array.isArray(value) ? value : [value]) {
        if (typeof message !== 'object' || message === null) continue;
        if (direction === 'to-server') this.#fromClient(from, message as Message, atMs);
        else this.#fromServer(from, message as Message, atMs);
      }
    } catch {
      // The conversation is the client's; a recording that misses something may not disturb it.
    }
  }

  /** An answer too large to be read: that it came is all that is known of it. */
  heardLarge(from: Conversation, id: unknown, atMs: number): void {
    this.#end(from, id, 'success', atMs);
  }

  /** A call too large to be kept. */
  droppedOne(): void {
    this.#dropped++;
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0;
  }

  /** Calls kept so far. */
  get size(): number {
    return this.#calls.reduce((sum, { count }) => sum + count, 0);
  }

  /** What was recorded so far; what still waits for its answer counts as unanswered. */
  recording(): Recording {
    const open = [...this.#waiting.values()].map(({ moment }): RecordedMoment => ({
      ...moment,
      durationMs: null,
      outcome: 'unanswered',
    }));
    return {
      schema: 'mettle/workload@1',
      calls: this.#calls.map(({ call, count }) => ({ ...call, weight: count })),
      ...(Object.keys(this.#replies).length === 0 ? {} : { replies: this.#replies }),
      recording: {
        startedAt: this.#startedAt,
        server: this.#server,
        client: this.#client,
        protocolVersion: this.#protocolVersion,
        sessions: this.#sessions.size,
        sessionStartsMs: [...this.#sessions.values()].map(({ startedMs }) =>
          round(startedMs - this.#startedMs),
        ),
        redacted: this.#redacted,
        dropped: this.#dropped,
        timeline: [...this.#moments, ...open].toSorted((a, b) => a.session - b.session || a.atMs - b.atMs),
      },
    };
  }

  #fromClient(from: Conversation, message: Message, atMs: number): void {
    const { id, method, params } = message;
    if (typeof method !== 'string') {
      this.#answered(from, message);
      return;
    }
    if (method === 'notifications/cancelled') {
      const cancelled = (params as Message | undefined)?.['requestId'];
      this.#end(from, cancelled, 'cancelled', atMs);
      return;
    }
    if (id === undefined) return;
    if (method === 'initialize') this.#client ??= nameOf((params as Message | undefined)?.['clientInfo']);
    if (OF_THE_CONNECTION.has(method)) {
      // Its answer tells who the server is.
      this.#asked.set(keyFor(from, id), method);
      return;
    }
    const call = this.#callOf(method, isRecord(params) ? params : {});
    const index = call === null ? null : this.#place(call);
    if (index === null || this.#waiting.size >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    const { number, startedMs } = this.#session(from.session, atMs);
    this.#waiting.set(keyFor(from, id), {
      moment: { call: index, session: number, atMs: round(atMs - startedMs) },
    });
  }

  #fromServer(from: Conversation, message: Message, atMs: number): void {
    const { id, method, result, error } = message;
    if (typeof method === 'string') {
      if (id !== undefined && ANSWERABLE.has(method)) this.#asked.set(`server ${keyFor(from, id)}`, method);
      return;
    }
    const key = keyFor(from, id);
    if (this.#asked.delete(key) && isRecord(result)) {
      this.#server ??= nameOf(result['serverInfo']);
      if (typeof result['protocolVersion'] === 'string') this.#protocolVersion ??= result['protocolVersion'];
      return;
    }
    const isToolError = isRecord(result) && result['isError'] === true;
    const outcome = error !== undefined ? 'protocol-error' : isToolError ? 'tool-error' : 'success';
    this.#end(from, id, outcome, atMs);
  }

  /** The client answered what the server asked: a workload gives the same answer. */
  #answered(from: Conversation, { id, result }: Message): void {
    const key = `server ${keyFor(from, id)}`;
    const method = this.#asked.get(key);
    this.#asked.delete(key);
    if (method === undefined || !isRecord(result)) return;
    // Where the client's files are is no business of whoever reads the recording.
    if (method !== 'roots/list')
      this.#replies[method] ??= this.#redaction.value(result, () => this.#redacted++);
  }

  #callOf(method: string, given: Message): Omit<RecordedCall, 'weight'> | null {
    // What goes with one request only: progress tokens, trace context, and in 2026 the handshake's facts.
    const { _meta: _, ...params } = given;
    const hidden = this.#redaction.value(params, () => this.#redacted++) as Message;
    if (method !== 'tools/call')
      return Object.keys(hidden).length === 0 ? { method } : { method, params: hidden };
    const { name, arguments: args } = hidden;
    return typeof name === 'string' ? { tool: name, arguments: args ?? {} } : null;
  }

  #place(call: Omit<RecordedCall, 'weight'>): number | null {
    const key = keyOf({ ...call, weight: 1 });
    const known = this.#places.get(key);
    if (known !== undefined) {
      (this.#calls[known] as { count: number }).count++;
      return known;
    }
    if (this.#calls.length >= MOST_CALLS) return null;
    this.#places.set(key, this.#calls.length);
    return this.#calls.push({ call: { ...call, weight: 1 }, count: 1 }) - 1;
  }

  #session(name: string, atMs: number): { readonly number: number; readonly startedMs: number } {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      session = { number: this.#sessions.size, startedMs: atMs };
      this.#sessions.set(name, session);
    }
    return session;
  }

  #end(from: Conversation, id: unknown, outcome: RecordedOutcome, atMs: number): void {
    const key = keyFor(from, id);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    const { startedMs } = this.#session(from.session, atMs);
    const { moment } = waiting;
    this.#keep({ ...moment, durationMs: round(atMs - startedMs - moment.atMs), outcome });
  }

  #keep(moment: RecordedMoment): void {
    if (this.#moments.length < MOST_MOMENTS) this.#moments.push(moment);
  }
}

function keyFor({ ids }: Conversation, id: unknown): string {
  return `${ids} ${JSON.stringify(id)}`;
}

function isRecord(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): { name: string; version: string } | null {
  if (!isRecord(value) || typeof value['name'] !== 'string') return null;
  return { name: value['name'], version: typeof value['version'] === 'string' ? value['version'] : '' };
}

const round = (ms: number): number => Math.max(0, Math.round(ms * 1000) / 1000);
