import type { CallChannel } from './channel/channel.ts';
import type { Era, ReachEvidence, ReachPhase, TargetSpec } from '../evidence/index.ts';

/** What became of one request. Nothing a server does makes `request` throw. */
export type Reply = {
  /** Monotonic clock of the machine in ms (process.hrtime), just before the bytes were handed to the transport. */
  readonly sentAtMs: number;
  /** From then until the whole answer was parsed. */
  readonly latencyMs: number;
  /** Bytes of the answer's JSON text; 0 when there was none. */
  readonly bytes: number;
} & (
  | { readonly outcome: 'result'; readonly result: Readonly<Record<string, unknown>> }
  | {
      readonly outcome: 'error';
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown };
    }
  /** No answer within the time allowed; the request was cancelled. */
  | { readonly outcome: 'timeout'; readonly message: string }
  /** The transport failed: process gone, connection closed, HTTP error without a JSON-RPC body, not JSON … */
  | { readonly outcome: 'lost'; readonly message: string }
);

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called for each notifications/progress of this request; asking for it sets `_meta.progressToken`. */
  readonly onProgress?: (params: Readonly<Record<string, unknown>>) => void;
  /** Headers of this request alone; over HTTP only. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
}

/** A process (group) that Mettle started and will stop. */
export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** Null while it runs. */
  readonly exit: ProcessExit | null;
  /** The last lines on stderr (at most 20, each cut to 500 characters, secrets redacted). */
  stderrTail(): readonly string[];
  /** Closes stdin, then SIGTERM, then SIGKILL to the whole group; resolves when all of it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** One non-JSON-RPC line seen on a stdio target's stdout. */
export interface NoiseLine {
  /** Cut to 200 characters, secrets redacted. */
  readonly text: string;
  /** The method or tool in flight when it arrived, or 'start-up'. */
  readonly during: string;
}

export interface Session {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly serverInfo: { readonly name: string; readonly version: string } | null;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly instructions: string | null;
  /** Null for a server that was already running. */
  readonly process: ServerProcess | null;
  /** Null where stdout is not the channel. `lines` holds the first 50. */
  readonly stdoutNoise: {
    readonly count: number;
    readonly lines: readonly NoiseLine[];
    readonly messages: number;
  } | null;
  /** How often the server forgot the session, so that a new one was opened in its place; absent where there are none. */
  readonly renewals?: number;
  request(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: RequestOptions,
  ): Promise<Reply>;
  notify(method: string, params?: Readonly<Record<string, unknown>>): void;
  /** The JSON-RPC id that the next request will carry; each one after it carries the next number. */
  readonly nextRequestId: number;
  /** Opens a way for many calls at full speed, to be closed before the session is. One at a time. */
  openChannel(): CallChannel;
  /** Ends the MCP session (DELETE over HTTP), then stops the process if Mettle started it. Idempotent, never throws. */
  close(): Promise<void>;
  /** Goes without ending the MCP session, as a client does that vanishes; calls under way are lost. Stops no process. */
  leave(): Promise<void>;
}

export interface OpenOptions {
  /** Added to the target's environment (the agent's variables). NODE_OPTIONS is appended to what is there. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** Skip the disposable look and use this era. */
  readonly era?: Era;
  /** Per phase. Default 15,000. */
  readonly handshakeTimeoutMs?: number;
  /** Answers to server->client requests by method; merged over sensible defaults. */
  readonly replies?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/** The server could not be reached, or died: one sentence for the user, never a stack trace of ours. Exit code 3. */
export class TargetError extends Error {
  readonly phase: ReachPhase;
  readonly reach: ReachEvidence;
  constructor(message: string, phase: ReachPhase, reach: ReachEvidence) {
    super(message);
    this.name = 'TargetError';
    this.phase = phase;
    this.reach = reach;
  }
}

/** Opens a session with any target. Rejects with TargetError (nothing left running) or UsageError (bad spec). */
export type OpenSession = (
  spec: TargetSpec,
  options?: OpenOptions,
) => Promise<{ readonly session: Session; readonly reach: ReachEvidence }>;
