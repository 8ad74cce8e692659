import type { Subject } from './subject.ts';

/** How a recorded call ended: `unanswered` when its answer never came, or could not be read for its size. */
export type RecordedOutcome = 'success' | 'tool-error' | 'protocol-error' | 'cancelled' | 'unanswered';

/** When one call was made: what `calls` says how often. */
export interface RecordedMoment {
  /** Index into `calls`. */
  readonly call: number;
  /** Number of the session, from 0. */
  readonly session: number;
  /** After the start of its session. */
  readonly atMs: number;
  /** Null when unanswered. */
  readonly durationMs: number | null;
  readonly outcome: RecordedOutcome;
}

/** A recording made again, call by call, and how that went. */
export interface ReplayFigures {
  /** Times the pace of the recording. */
  readonly speed: number;
  readonly recorded: {
    readonly calls: number;
    readonly sessions: number;
    readonly durationMs: number;
    /** The most calls under way at once. */
    readonly mostUnderWay: number;
    /** Median of the calls that were answered; null when none was. */
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  };
  /** Idle time that was left out, of the recording's own clock. */
  readonly idleCutMs: number;
  readonly calls: number;
  readonly sessions: number;
  readonly mostUnderWay: number;
  /** Calls of the recording that were not made, and why. */
  readonly leftOut: readonly { readonly subject: string; readonly calls: number; readonly why: string }[];
  /** Calls that were due, but waited for answers that their client had when it made them. */
  readonly held: { readonly calls: number; readonly longestMs: number };
  /** Calls that ended as they did when they were recorded. */
  readonly sameOutcome: number;
  /** Calls whose recorded end says nothing: cancelled by the client, or never answered. */
  readonly notCompared: number;
  readonly differing: readonly {
    readonly subject: Subject;
    readonly recorded: RecordedOutcome;
    readonly now: string;
    readonly calls: number;
  }[];
}
