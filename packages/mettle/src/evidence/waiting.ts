/** What a call can wait for while its own code does not run. */
export type WaitKind =
  /** A connection, by peer (`127.0.0.1:5432`, `/run/db.sock`). */
  | 'socket'
  | 'file'
  /** A name's address, by host name. */
  | 'dns'
  /** By command, without arguments. */
  | 'child-process'
  | 'timer'
  | 'worker'
  /** Work on libuv's threads that is no file and no look-up: crypto, zlib, native add-ons. */
  | 'thread-pool'
  /** All of libuv's threads were taken. */
  | 'thread-pool-queue'
  /** Another call in the same process: a lock, a queue, a pool with no place free, a request that calls share. */
  | 'lock'
  /** The MCP client: its answer to a request of the server's, or its reading. */
  | 'client'
  /** What it waited for had come, but the event loop was held by something else. */
  | 'event-loop'
  | 'other';

/** Sums over calls of one subject, from message to reply as the server sees them; of lone ones, those that the host disturbed least. */
export interface SubjectWaits {
  readonly name: string;
  readonly calls: number;
  readonly wallMs: number;
  /** Its own code on the main thread; with the tracing on, so more than without. */
  readonly onThreadMs: number;
  /** The main thread in the host's run queue while the call waited for it. */
  readonly hostDelayMs: number;
  /** Along the chain of what woke the call, most first; bounded. What ran beside that chain held nothing up. */
  readonly waits: readonly { readonly kind: WaitKind; readonly what: string | null; readonly ms: number }[];
}
export interface WaitingRecord {
  /** libuv's threads, and the most jobs that they had at once. */
  readonly threadPool: { readonly threads: number; readonly maxJobs: number };
  readonly subjects: readonly SubjectWaits[];
}
/** What calls wait for: one at a time, and `inFlight` calls of the same subject together. */
export interface WaitingEvidence {
  readonly alone: WaitingRecord;
  readonly together: WaitingRecord & { readonly inFlight: number };
}
