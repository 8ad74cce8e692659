import type { Subject } from './subject.ts';
import type { Era } from './target.ts';

/** Microseconds at each quantile. */
export interface MicroQuantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** One subject called in the server's own process, over a transport in memory, one call at a time. */
export interface InProcessFigures {
  readonly subject: Subject;
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | null;
  readonly warmUpCalls: number;
  readonly steady: boolean;
  readonly timedCalls: number;
  /** From handing the message to the transport until the answer came out; null when no call succeeded. */
  readonly totalUs: MicroQuantiles | null;
  /** Medians of its parts; null where the SDK's steps could not be told apart. */
  readonly splitUs: {
    readonly handler: number;
    /** Of arguments and of the result against their schemas. */
    readonly validation: number;
    /** The rest: the SDK's dispatch, promises, what a low-level server does itself. */
    readonly protocol: number;
  } | null;
  readonly handlerUs: MicroQuantiles | null;
  readonly cpuUsPerCall: number;
  /** What a transport that speaks JSON would add: measured beside, not part of the total. */
  readonly jsonUs: { readonly parseRequest: number; readonly stringifyAnswer: number };
  readonly requestBytes: number;
  readonly answerBytes: number;
}

export interface InProcessEvidence {
  readonly runs: readonly {
    readonly era: Era;
    readonly node: string;
    /** The module is a web handler, which takes and gives JSON text even in memory. */
    readonly jsonWithin: boolean;
    /** Why the run ended before every subject was timed; null when it did not. */
    readonly fault: string | null;
    readonly subjects: readonly InProcessFigures[];
  }[];
}
