import type { FailureKind } from '../../evidence/index.ts';
import { monotonicMs } from '../clock.ts';

/** What became of a call. 'input-required': a 2026 server asks something first, which only `Session.request` can answer. */
export type CallEnd = 'ok' | FailureKind | 'input-required';

/** A request ready to be sent: all of it but the id, made once. */
export interface EncodedCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The text before the id (over HTTP with the head), and after it. */
  readonly before: string;
  readonly after: string;
  /** Bytes on the wire. */
  readonly bytes: number;
  /** Shared by all calls of one subject: answers seen so far, to choose which are parsed in full. */
  readonly answers: { seen: number };
}

/** The caller's side of one call under way; made by the caller, so that a channel allocates nothing for it. */
export interface CallUnderWay {
  /** Told once. `bytes`: of the answer's JSON; `message`: for people, null for a success. */
  ended(end: CallEnd, atMs: number, bytes: number, message: string | null): void;
}

/** Where an event stream that ended before the answer can be taken up again, and after how long. */
export interface ResumePoint {
  readonly lastEventId: string;
  readonly delayMs: number;
}

/**
 * Calls at full speed over the wire of an open session, beside its own requests. A call that is given up is forgotten;
 * whoever counts time-outs does it by `expire`.
 */
export interface CallChannel {
  encode(method: string, params: Readonly<Record<string, unknown>>): EncodedCall;
  /** `nowMs`: this moment by `channelNow`. */
  send(call: EncodedCall, underWay: CallUnderWay, nowMs: number): void;
  /** Ends calls sent before `sentBeforeMs` as time-outs, and tells the server so where the protocol can. */
  expire(sentBeforeMs: number): void;
  /** Forgets everything under way; nobody is told. */
  abandon(): void;
  /** Calls under way. */
  readonly underWay: number;
  /** Answers parsed in full so far. */
  readonly parsedAnswers: number;
  /** Lets go of what the channel opened itself; the session stays. */
  close(): void;
}

/**
 * `performance.now()` counts from the process's start; the rest of Mettle from the machine's. Of several readings of both
 * the closest counts: between the two a busy host may take the processor away.
 */
function offsetMs(): number {
  let closest = { gapMs: Infinity, offsetMs: 0 };
  for (let i = 0; i < 10; i++) {
    const before = performance.now();
    const machineMs = monotonicMs();
    const after = performance.now();
    if (after - before < closest.gapMs)
      closest = { gapMs: after - before, offsetMs: machineMs - (before + after) / 2 };
  }
  return closest.offsetMs;
}
const OFFSET_MS: number = offsetMs();

/** The machine's monotonic clock in ms, as `monotonicMs`, at half its price. */
export function channelNow(): number {
  return OFFSET_MS + performance.now();
}
