import type { ReplayFigures } from './recording.ts';
import type { SubjectPlan, Subject } from './subject.ts';

/*
 * What `mettle bench` measured. The unit is the block: calls of one mix, driven in one shape, at one variant of the
 * server, without a pause. Times in ms; a latency counts from the call's intended start.
 */

/** Why a call was no success. `isError` answers are failures of the tool. */
export const FAILURE_KINDS = [
  'tool-error',
  'protocol-error',
  /** An HTTP status without a JSON-RPC answer. */
  'http-error',
  'timeout',
  'connection',
  'invalid-answer',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** How calls are offered: by clients that wait for their answers, by the clock, or as a recording has them. */
export type LoadShape =
  | {
      readonly kind: 'closed';
      /** Clients, each with a session of its own. */
      readonly connections: number;
      /** Calls that each of them keeps under way. */
      readonly inFlight: number;
      /** Mean pause of each before its next call. */
      readonly thinkTimeMs: number;
    }
  | {
      readonly kind: 'open';
      readonly connections: number;
      readonly arrivals: 'constant' | 'poisson';
      /** Rates in calls per second; within a stage they run straight from one to the other. */
      readonly stages: readonly {
        readonly durationMs: number;
        readonly fromPerSecond: number;
        readonly toPerSecond: number;
      }[];
    }
  | {
      readonly kind: 'replay';
      /** Sessions open at once, at most. */
      readonly connections: number;
      /** Times the pace of the recording. */
      readonly speed: number;
      readonly durationMs: number;
    };

/** A figure with the bounds that hold the true one with the stated confidence; null bounds: too few calls to tell. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface LatencyFigures {
  /** Successful calls that were timed. */
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly p50: Estimate;
  readonly p90: Estimate;
  readonly p95: Estimate;
  readonly p99: Estimate;
  readonly p999: Estimate;
  /** Of the bounds. */
  readonly confidence: number;
  /** HDR histogram in microseconds, as hdr-histogram-js encodes it (base64, compressed). */
  readonly histogram: string;
}

export interface CallOutcomes {
  readonly calls: number;
  readonly ok: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  /** By kind, the first message seen, secrets redacted. */
  readonly firstMessages: Readonly<Partial<Record<FailureKind, string>>>;
}

export interface SubjectFigures {
  readonly subject: Subject;
  readonly outcomes: CallOutcomes;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Null when no call succeeded. */
  readonly latencyMs: LatencyFigures | null;
}

/** What the target's process used, read from outside; null where it cannot be read. */
export interface TargetUse {
  readonly mainCpuMsPerCall: number | null;
  readonly processCpuMsPerCall: number | null;
  /** Share of the block's time in which the main thread computed, 0 to 1. */
  readonly mainUtilisation: number | null;
  /** Time in the host's run queue: not the server's doing. */
  readonly hostDelayMs: number | null;
  readonly rssBytesAtStart: number | null;
  readonly rssBytes: number | null;
  /** As the agent inside saw them; null without one. */
  readonly gc: { readonly count: number; readonly totalMs: number; readonly longestMs: number } | null;
  readonly eventLoopDelayMs: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  readonly eventLoopUtilisation: number | null;
  readonly heapUsedBytes: number | null;
}

/** How well the driver kept up. */
export interface DriverFigures {
  readonly cpuMsPerCall: number;
  /** Of one core, 0 to 1. */
  readonly utilisation: number;
  /** Actual start after the intended one, of an open loop; how late a timer fired, of a closed one. */
  readonly latenessMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Answers parsed in full; the others were recognised by their form. */
  readonly parsedAnswers: number;
  /** Why the figures are the driver's rather than the server's; null when they are the server's. */
  readonly distrust: string | null;
}

/** One slot of the time line. */
export interface TimeSlot {
  readonly atMs: number;
  readonly durationMs: number;
  /** Calls whose intended start fell into the slot. */
  readonly started: number;
  readonly ok: number;
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly inFlight: number;
}

/** Mean calls in flight against throughput times mean latency: equal in a steady state. */
export interface LittlesLaw {
  readonly meanInFlight: number;
  readonly throughputTimesLatency: number;
  /** |a − b| / max(a, b). */
  readonly gap: number;
  readonly holds: boolean;
}

/** Figures of one block. */
export interface BlockFigures {
  /** Which server: '' where there is one only. */
  readonly variant: string;
  readonly shape: LoadShape;
  /** Of the machine's monotonic clock. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Calls answered without a failure, per second. */
  readonly throughputPerSecond: number;
  /** Calls offered per second, by the intended starts. */
  readonly offeredPerSecond: number;
  /** Why it ended before its time, such as a server that lost every call; null when it did not. */
  readonly endedEarly: string | null;
  /** Still in flight when the run was cut short: counted nowhere else. */
  readonly unfinished: number;
  readonly total: SubjectFigures;
  readonly subjects: readonly SubjectFigures[];
  readonly target: TargetUse;
  readonly driver: DriverFigures;
  readonly timeline: readonly TimeSlot[];
  readonly littlesLaw: LittlesLaw;
}

/** One step of the search for the knee. */
export interface CapacityStep {
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99: Estimate | null;
  readonly failures: number;
  readonly mainUtilisation: number | null;
  readonly mainCpuMsPerCall: number | null;
  readonly processCpuMsPerCall: number | null;
  readonly littlesLaw: LittlesLaw;
  readonly distrust: string | null;
  readonly verdict: 'within' | 'over' | 'untrusted';
  /** Why it was over. */
  readonly why: string | null;
}
export interface CapacityEvidence {
  readonly p99BudgetMs: number;
  /** Answered with many calls under way, whatever the latency. */
  readonly fullLoadPerSecond: number;
  /** In the order in which they were tried. */
  readonly steps: readonly CapacityStep[];
  /** The highest rate within the budget; null when none was. */
  readonly kneePerSecond: number | null;
  /** The lowest rate known to be over it; null when none was reached. */
  readonly overPerSecond: number | null;
  /** Of all threads and children of the server, under load; null when it cannot be read. */
  readonly cpuMsPerCall: number | null;
  /** What a core of this machine could answer, by the server's own CPU per call. */
  readonly callsPerSecondPerCore: number | null;
  /** Between two calls of one user, for the number of users. */
  readonly thinkTimeMs: number;
  readonly usersPerCore: number | null;
  readonly usersAtKnee: number | null;
}

/** One hostile argument and what it did. */
export interface AdversarialCase {
  readonly tool: string;
  /** What was hostile about it, such as "a string of 1,000,000 characters at query". */
  readonly what: string;
  readonly outcome: 'crashed' | 'blocked' | Exclude<FailureKind, 'tool-error'>;
  readonly detail: string;
  /** The arguments as JSON, cut to 400 characters. */
  readonly arguments: string;
  readonly latencyMs: number;
  /** Main-thread CPU of the target for the call; null when it cannot be read. */
  readonly mainCpuMs: number | null;
}
export interface AdversarialEvidence {
  readonly tools: readonly {
    readonly name: string;
    /** Cases there were; fewer were called when the time was used up or the server stayed dead. */
    readonly planned: number;
    readonly calls: number;
    readonly answered: number;
    readonly refused: number;
  }[];
  readonly cases: readonly AdversarialCase[];
  readonly restarts: number;
}

/** Where driver and target ran. */
export interface Placement {
  readonly cores: number;
  readonly driverCores: string | null;
  readonly targetCores: string | null;
  /** A sentence for people. */
  readonly described: string;
}

export interface BenchEvidence {
  readonly placement: Placement;
  /** Share of the calls by subject, as the mix had it. */
  readonly weights: Readonly<Record<string, number>>;
  /** What was left out of the load and why; and what was called a few times only. */
  readonly leftOut: readonly (SubjectPlan & { readonly outcomes: CallOutcomes | null })[];
  readonly warmUp: { readonly calls: number; readonly durationMs: number; readonly steady: boolean } | null;
  /** Measured blocks, in order. */
  readonly blocks: readonly BlockFigures[];
  readonly capacity: CapacityEvidence | null;
  readonly adversarial: AdversarialEvidence | null;
  /** Of `--replay` only. */
  readonly replay?: ReplayFigures;
  /** Requests of the mix, for exports: the first few different ones of each subject. */
  readonly samples: readonly {
    readonly subject: Subject;
    readonly method: string;
    readonly params: Readonly<Record<string, unknown>>;
    /** Of the subject's first calls, how many were this one. */
    readonly times: number;
  }[];
}
