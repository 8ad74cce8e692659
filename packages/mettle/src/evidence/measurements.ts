import type { Frame } from './finding.ts';
import type { ReplayFigures } from './recording.ts';
import type { Subject, SubjectPlan } from './subject.ts';

/*
 * Clock: every `…AtMs` is milliseconds of the machine's monotonic clock (process.hrtime), which
 * Mettle and a target on the same machine share; so an agent's record and a driver's join by time.
 */

export type ReachPhase = 'spawn' | 'dns' | 'connect' | 'tls' | 'http' | 'handshake' | 'list' | 'call';

/** How the server was reached, phase by phase; `failed` when it was not. */
export interface ReachEvidence {
  readonly phases: readonly { readonly phase: ReachPhase; readonly durationMs: number }[];
  readonly failed: {
    readonly phase: ReachPhase;
    readonly message: string;
    readonly stderrTail: readonly string[];
  } | null;
}

/** Lines on the stdio target's stdout that are not JSON-RPC. Empty `lines` = looked and saw none. */
export interface StdoutEvidence {
  /** Null where stdout is not the channel (HTTP). */
  readonly messages: number | null;
  readonly count: number;
  /** The first few, cut to 200 characters, secrets redacted. */
  readonly lines: readonly { readonly text: string; readonly during: string }[];
  /** Who wrote them, as the agent saw it; empty without an agent. */
  readonly writers: readonly {
    readonly subject: string | null;
    readonly count: number;
    readonly sample: string;
    readonly stack: readonly Frame[];
  }[];
}

/** Which calls came back, per subject, over all phases so far. */
export interface OutcomeCounts {
  readonly calls: number;
  /** JSON-RPC errors, `isError` results, time-outs and lost answers. */
  readonly errors: number;
  readonly errorKinds: Readonly<Record<string, number>>;
  readonly firstError: string | null;
}

/** One timed call. `hostDelayMs`: how long the target's main thread stood in the host's run queue meanwhile (null = unknown). */
export interface TimedCall {
  readonly sentAtMs: number;
  readonly latencyMs: number;
  readonly hostDelayMs: number | null;
  readonly ok: boolean;
}

export interface LatencyRecord {
  readonly subject: Subject;
  readonly outcomes: OutcomeCounts;
  /** HDR histogram of successful calls in microseconds, as hdr-histogram-js encodes it (base64, compressed). */
  readonly histogram: string | null;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
    readonly mean: number;
  } | null;
  /** The slowest calls, at most 50, slowest first. */
  readonly slowest: readonly TimedCall[];
  /** Main-thread CPU of the target over the phase, per call; null when it cannot be read. */
  readonly mainCpuMsPerCall: number | null;
  /** CPU of all the target's threads and children over the phase, per call. */
  readonly processCpuMsPerCall: number | null;
}

/** Each subject called alone, one call at a time. No instrument was on. */
export interface LatencyEvidence {
  readonly subjects: readonly LatencyRecord[];
}
/**
 * All subjects at once, `inFlight` calls in flight, weights as given; or the calls of a recording as it has them, at most
 * `inFlight` under way. No instrument was on.
 */
export interface MixedLatencyEvidence {
  readonly inFlight: number;
  readonly durationMs: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly subjects: readonly LatencyRecord[];
  /** How the calls of the recording went; absent where they were a mix. */
  readonly replay?: ReplayFigures;
}

/** One batch: `inFlight` identical calls sent together. */
export interface Batch {
  readonly inFlight: number;
  readonly makespanMs: number;
  /** Completion of each successful call, from the batch's start, ascending. */
  readonly completionsMs: readonly number[];
  readonly errors: number;
  /** Target's main thread over the batch; null when it cannot be read. */
  readonly mainCpuMs: number | null;
  readonly processCpuMs: number | null;
  readonly hostDelayMs: number | null;
}
/** Paired rounds: a lone call, then a batch, in alternating order. No instrument was on. */
export interface ConcurrencyEvidence {
  readonly subjects: readonly {
    readonly subject: Subject;
    readonly rounds: readonly { readonly solo: Batch; readonly batches: readonly Batch[] }[];
  }[];
}

/** A stretch of the target's main thread in which the event loop did not turn. */
export interface Stretch {
  /** Whose code ran: a subject's name, or null for what no call started. */
  readonly subject: string | null;
  /** Number of the call within the agent's record; 0 when no call started it. */
  readonly call: number;
  readonly startedAtMs: number;
  readonly wallMs: number;
  /** Main-thread CPU within; null when the clock cannot be read. */
  readonly cpuMs: number | null;
  /** Time in the host's run queue within: not the server's doing; null when it cannot be read. */
  readonly hostDelayMs: number | null;
  /** Garbage collection within. */
  readonly gcMs: number;
  /** Hottest stack of the samples within, innermost first; empty when nothing was sampled. */
  readonly stack: readonly Frame[];
  /** Share of the samples within that carry this stack's innermost application frame. */
  readonly stackShare: number;
  /** Which of its ends the observation did not see, so that it lasted longer than `wallMs`; absent when it saw both. */
  readonly unseen?: 'start' | 'end' | 'both';
}

/** Where the main thread's time went, per subject, with the instrument on. Figures are not latencies. */
export interface BlockingEvidence {
  readonly subjects: readonly {
    readonly name: string;
    readonly calls: number;
    readonly cpuMs: number;
    /** Taken off `cpuMs`: what following this subject's callbacks and sampling it cost; never more than there was. */
    readonly instrumentCpuMs?: number;
    readonly onThreadMs: number;
    readonly gcMs: number;
    /** Longest stretch of each call without the host's delay, at least 1 ms, at most 1,000 entries: sorted descending. */
    readonly longestStretchesMs: readonly number[];
  }[];
  /** CPU of following one callback and of one sample of V8's profiler, measured in the server itself, and what was taken off for both in all; 0 when it could not be measured. */
  readonly instrumentCpu?: {
    readonly perCallbackUs: number;
    readonly perSampleUs?: number;
    readonly subtractedMs: number;
  };
  /** Main-thread time that no call started. */
  readonly unattributed: { readonly cpuMs: number; readonly onThreadMs: number };
  /** Stretches of at least `thresholdMs`, longest first, bounded. */
  readonly thresholdMs: number;
  readonly stretches: readonly Stretch[];
  readonly droppedStretches: number;
  readonly observedMs: number;
  readonly cpuClock: 'schedstat' | 'thread' | 'process';
  /** Calls as the driver saw them in the same phase, to join with the stretches; bounded to 20,000. */
  readonly driverCalls: readonly {
    readonly subject: string;
    readonly sentAtMs: number;
    readonly receivedAtMs: number;
    readonly ok: boolean;
  }[];
}

/** What calls of one subject held and waited for, when several were in flight. */
export interface OverlapRecord {
  readonly name: string;
  /** Calls in flight in the traced batch. */
  readonly inFlight: number;
  /** The most calls that had an operation (timer, file, socket …) outstanding at one moment. */
  readonly maxOutstanding: number;
  /** Calls that never had an operation of their own outstanding: shared connections hide theirs. */
  readonly callsWithoutOperation: number;
  /** Where calls stood waiting with nothing of their own outstanding: await sites, most frequent first. */
  readonly waits: readonly {
    readonly count: number;
    readonly waitedMs: number;
    readonly stack: readonly Frame[];
  }[];
  /** What the others had outstanding meanwhile. */
  readonly holders: readonly {
    readonly kind: string;
    readonly count: number;
    readonly stack: readonly Frame[];
  }[];
}
export interface OverlapEvidence {
  readonly subjects: readonly OverlapRecord[];
}

/** Readings of the target's process, once a second, from outside or by the agent. */
export interface ProcessEvidence {
  readonly readings: readonly {
    readonly atMs: number;
    readonly rssBytes: number;
    readonly processCpuMs: number | null;
    readonly mainCpuMs: number | null;
    readonly hostDelayMs: number | null;
  }[];
}

/** What was to be called and what was not, and what became of it over the whole run. */
export interface ExerciseEvidence {
  readonly subjects: readonly (SubjectPlan & { readonly outcomes: OutcomeCounts | null })[];
}

/** V8's CPU profile of the instrumented phase (the `.cpuprofile` format), as Chrome DevTools opens it. */
export interface CpuProfileEvidence {
  readonly profile: {
    readonly nodes: readonly {
      readonly id: number;
      readonly callFrame: {
        readonly functionName: string;
        readonly scriptId: string;
        readonly url: string;
        readonly lineNumber: number;
        readonly columnNumber: number;
      };
      readonly hitCount?: number;
      readonly children?: readonly number[];
      readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
    }[];
    readonly startTime: number;
    readonly endTime: number;
    readonly samples: readonly number[];
    readonly timeDeltas: readonly number[];
  };
  /** Names of subjects; index 0 is '' for samples that belong to no call. */
  readonly subjects: readonly string[];
  /** For each sample of the profile, whose call was running: an index into `subjects`. */
  readonly sampleSubjects: readonly number[];
  /** For each sample, the number of that call within the agent's record; 0 for none. */
  readonly sampleCalls?: readonly number[];
  /** For each sample, the time it stands for with the host's delays taken out, µs. */
  readonly sampleNetUs?: readonly number[];
}

/** What the server's source says where time was spent, by file as the runtime named it. */
export interface SourcesEvidence {
  readonly files: Readonly<Record<string, SourceExcerpt>>;
  /** Files in which time was spent and whose text could not be had. */
  readonly unread: readonly string[];
  /** Nodes of the profile whose line is known by elimination only: the code that ran has the whole function in one line. */
  readonly inferred?: readonly number[];
  /** Nodes of such functions that make several costly calls: which of them it was cannot be known. */
  readonly unplaced?: readonly number[];
}
export interface SourceExcerpt {
  /** Text by line number, secrets redacted; cut to 300 characters, then ending in `…`. */
  readonly lines: Readonly<Record<string, string>>;
  /** `at`: the line on which the function that begins at `line` and `column` calls `callee` by name. */
  readonly calls: readonly {
    readonly line: number;
    readonly column: number;
    readonly callee: string;
    readonly at: number;
  }[];
}
