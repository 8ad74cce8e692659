import type { RecordedOutcome } from '../evidence/index.ts';
import { RecordingSoFar } from './recording-so-far.ts';
import type { RecordingEntry } from './recording-so-far.ts';
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
const MOST_WAITING = 10_000;

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  /** Its number in the timeline. */
  readonly begun: number;
  readonly atMs: number;
}

/** Hears both sides of one or more sessions and keeps the calls. Nothing that it hears can make it throw. */
export class Recorder {
  readonly startedAt: string;
  readonly #redaction: Redaction;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #note: (entry: RecordingEntry) => void;
  readonly #soFar: RecordingSoFar;
  readonly #sessions: Map<string, { readonly number: number; readonly startedMs: number }> = new Map();
  readonly #waiting: Map<string, Waiting> = new Map();
  readonly #asked: Map<string, string> = new Map();

  /** Every entry of the recording is given to `note` as it is made. */
  constructor(
    redaction: Redaction,
    nowMs: () => number,
    startedAt: string,
    note: (entry: RecordingEntry) => void = () => undefined,
  ) {
    this.#redaction = redaction;
    this.#nowMs = nowMs;
    this.startedAt = startedAt;
    this.#startedMs = nowMs();
    this.#note = note;
    this.#soFar = new RecordingSoFar(startedAt);
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
    this.#keep({ dropped: 1 });
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** Calls kept so far. */
  get size(): number {
    return this.#soFar.size;
  }

  /** What was recorded so far; what still waits for its answer counts as unanswered. */
  recording(): Recording {
    return this.#soFar.recording();
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
    if (method === 'initialize') {
      const client = nameOf((params as Message | undefined)?.['clientInfo']);
      if (client !== null) this.#keep({ facts: { client } });
    }
    if (OF_THE_CONNECTION.has(method)) {
      // Its answer tells who the server is.
      this.#asked.set(keyFor(from, id), method);
      return;
    }
    const call = this.#callOf(method, isRecord(params) ? params : {});
    const index = call === null || this.#waiting.size >= MOST_WAITING ? null : this.#place(call);
    if (index === null) {
      this.#keep({ dropped: 1 });
      return;
    }
    const { number, startedMs } = this.#session(from.session, atMs);
    if (!this.#soFar.hasRoom) {
      this.#keep({ again: [index, 1] });
      return;
    }
    this.#waiting.set(keyFor(from, id), { begun: this.#soFar.begun, atMs });
    this.#keep({ begin: [index, number, round(atMs - startedMs)] });
  }

  #fromServer(from: Conversation, message: Message, atMs: number): void {
    const { id, method, result, error } = message;
    if (typeof method === 'string') {
      if (id !== undefined && ANSWERABLE.has(method)) this.#asked.set(`server ${keyFor(from, id)}`, method);
      return;
    }
    const key = keyFor(from, id);
    if (this.#asked.delete(key) && isRecord(result)) {
      const server = nameOf(result['serverInfo']);
      const { protocolVersion } = result;
      this.#keep({
        facts: {
          ...(server === null ? {} : { server }),
          ...(typeof protocolVersion === 'string' ? { protocolVersion } : {}),
        },
      });
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
    if (method !== 'roots/list' && !this.#soFar.hasReplyTo(method))
      this.#keep({ reply: [method, this.#redacted(result)] });
  }

  #callOf(method: string, given: Message): Omit<RecordedCall, 'weight'> | null {
    // What goes with one request only: progress tokens, trace context, and in 2026 the handshake's facts.
    const { _meta: _, ...params } = given;
    const hidden = this.#redacted(params) as Message;
    if (method !== 'tools/call')
      return Object.keys(hidden).length === 0 ? { method } : { method, params: hidden };
    const { name, arguments: args } = hidden;
    return typeof name === 'string' ? { tool: name, arguments: args ?? {} } : null;
  }

  #redacted(value: unknown): unknown {
    return this.#redaction.value(value, () => this.#keep({ redacted: 1 }));
  }

  /** Null when there is no room for another distinct call. */
  #place(call: Omit<RecordedCall, 'weight'>): number | null {
    const known = this.#soFar.indexOf(call);
    if (known !== -1) return known;
    this.#keep({ call });
    return this.#soFar.indexOf(call);
  }

  #session(name: string, atMs: number): { readonly number: number; readonly startedMs: number } {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      session = { number: this.#soFar.sessions, startedMs: atMs };
      this.#sessions.set(name, session);
      this.#keep({ session: round(atMs - this.#startedMs) });
    }
    return session;
  }

  #end(from: Conversation, id: unknown, outcome: RecordedOutcome, atMs: number): void {
    const key = keyFor(from, id);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    this.#keep({ end: [waiting.begun, round(atMs - waiting.atMs), outcome] });
  }

  #keep(entry: RecordingEntry): void {
    this.#soFar.add(entry);
    this.#note(entry);
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
