import type { Subject } from '../evidence/index.ts';
import type { Session } from '../session/session.ts';

/** How to call one subject: the i-th call's method and parameters (arguments vary with i). */
export interface CallSource {
  readonly subject: Subject;
  /** Relative frequency in a mix. */
  readonly weight: number;
  /** Calls reach somebody else's service, unasked: a few, one at a time, never a load. */
  readonly gentle?: true;
  call(i: number): { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
  /** The i-th call with arguments that no other call has; absent where none can be made. */
  fresh?(i: number): ReturnType<CallSource['call']>;
  /** The calls that `call` takes in turn, where it does. */
  readonly inTurn?: readonly ReturnType<CallSource['call']>[];
  /** It takes arguments of which there are any number, and no call can be given new ones. */
  readonly repeats?: true;
  /** The tool says of itself that it changes nothing: it may be called with arguments that are wrong. */
  readonly readOnly?: true;
}

/** Clocks of the target's process, read from outside; each null when it cannot be read. */
export interface TargetClock {
  /** CPU and run-queue time of the main thread so far. */
  mainThread(): { readonly cpuMs: number; readonly hostDelayMs: number } | null;
  /** CPU of all threads of the process and its descendants so far. */
  processTree(): { readonly cpuMs: number; readonly rssBytes: number } | null;
}

/** What every load profile is given. */
export interface LoadContext {
  readonly session: Session;
  readonly clock: TargetClock;
  readonly signal: AbortSignal;
  /** Time-out of one call. */
  readonly callTimeoutMs: number;
  /** Told now and then; `done` from 0 to 1 within this profile. */
  readonly onProgress: (progress: {
    readonly subject: string | null;
    readonly done: number;
    readonly calls: number;
  }) => void;
}
