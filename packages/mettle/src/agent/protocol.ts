import type {
  CpuProfileEvidence,
  Frame,
  MemoryWatchEvidence,
  OverlapRecord,
  WaitingRecord,
} from '../evidence/index.ts';
import type { ControlRequest } from './control-protocol.ts';
import type { HeapRequest } from './heap-protocol.ts';

/*
 * Between Mettle and its agent inside the target: newline-delimited JSON over a local socket
 * (unix socket, named pipe on Windows). Mettle listens; the agent connects.
 */

/** Environment variable with the socket's path. The agent does nothing without it. */
export const AGENT_SOCKET_VARIABLE = 'METTLE_AGENT_SOCKET';
/** NODE_OPTIONS as it was before Mettle added to it; the agent restores it once it knows that it is the server. */
export const ORIGINAL_NODE_OPTIONS_VARIABLE = 'METTLE_ORIGINAL_NODE_OPTIONS';

/** Set to 1 when Mettle launched the target: the process ends when the channel closes without a goodbye. */
export const EXIT_WITH_METTLE_VARIABLE = 'METTLE_AGENT_EXIT_WITH_METTLE';

export type InstrumentName = 'blocking' | 'overlap' | 'waiting' | 'memory';

/** First message of every agent; wrappers (npm, npx) send one too. */
export interface AgentHello {
  readonly type: 'hello';
  readonly pid: number;
  readonly parentPid: number;
  readonly node: string;
  readonly argv: readonly string[];
  readonly instruments: readonly InstrumentName[];
}
/** This process saw an MCP message: it is the server. Sent once; `sdk` again when it becomes known. */
export interface AgentServing {
  readonly type: 'serving';
  readonly via: 'stdio' | 'http' | 'sdk' | 'json';
  readonly sdk: { readonly name: string; readonly version: string | null } | null;
}
/** Something on stdout that is no JSON-RPC message, with who wrote it. Bounded: at most 50 are sent. */
export interface AgentStdoutWriter {
  readonly type: 'stdout-writer';
  readonly subject: string | null;
  readonly sample: string;
  readonly stack: readonly Frame[];
}
export interface AgentReply {
  readonly type: 'reply';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
export type AgentMessage = AgentHello | AgentServing | AgentStdoutWriter | AgentReply;

export type AgentCommand =
  | {
      readonly id: number;
      readonly do: 'start';
      readonly instrument: 'blocking';
      readonly options: BlockingOptions;
    }
  | {
      readonly id: number;
      readonly do: 'start';
      readonly instrument: 'overlap';
      readonly options: OverlapOptions;
    }
  | {
      readonly id: number;
      readonly do: 'start';
      readonly instrument: 'waiting';
      readonly options: WaitingOptions;
    }
  | {
      readonly id: number;
      readonly do: 'start';
      readonly instrument: 'memory';
      readonly options: MemoryWatchOptions;
    }
  | { readonly id: number; readonly do: 'stop'; readonly instrument: InstrumentName }
  /** Forces nothing; answers AgentCounters. */
  | { readonly id: number; readonly do: 'counters' }
  /** Stops the event loop for a moment: not while anything is measured. Answers ScriptsAnswer. */
  | { readonly id: number; readonly do: 'scripts'; readonly wanted: WantedScripts }
  /** Begins to watch garbage and the loop's delay, or answers AgentVitals since then and stops. */
  | { readonly id: number; readonly do: 'vitals'; readonly on: boolean }
  /** Answers what HeapAnswers says to the request. */
  | { readonly id: number; readonly do: 'heap'; readonly request: HeapRequest }
  /** Only where the target was started with CONTROL_VARIABLE. Answers what ControlAnswers says to the request. */
  | { readonly id: number; readonly do: 'control'; readonly request: ControlRequest }
  /** Orderly detaching: instruments off, hooks inert, the process lives on. No answer. */
  | { readonly id: number; readonly do: 'goodbye' };

export interface BlockingOptions {
  readonly samplingIntervalUs: number;
  /** Slices of at least this long are kept one by one; shorter ones only as sums. */
  readonly sliceThresholdMs: number;
  /** At most this many slices are kept, the longest; the others are counted. */
  readonly maxSlices: number;
  /** Where the running Node can do it: do not hear when microtasks end, only when they begin. Spares a fifth of the cost per call. */
  readonly coarse?: boolean;
}
export interface OverlapOptions {
  /** Follow calls of this subject only. */
  readonly subject: string;
  /** Calls that will be in flight together. */
  readonly inFlight: number;
}

/** It follows every call, whatever its subject. */
export type WaitingOptions = Readonly<Record<string, never>>;

/** What to do in a server that goes on serving. */
export interface MemoryWatchOptions {
  /** How long it is going to last. */
  readonly durationMs: number;
  readonly pollEveryMs: number;
  /** Null: V8 collects when it does. */
  readonly collectEveryMs: number | null;
  /** Whether to sample what is allocated. */
  readonly profile: boolean;
  /** A snapshot is to be compared with an earlier one afterwards. */
  readonly keepIds: boolean;
}
/** Answer to `stop memory`. */
export interface MemoryWatchRecord extends Pick<
  MemoryWatchEvidence,
  'observedMs' | 'calls' | 'readings' | 'sampling'
> {
  /** How long each forced collection took. */
  readonly collectionsMs: readonly number[];
  readonly heapLimitBytes: number;
}

/** One slice: main-thread time of one call with no macrotask boundary within. Columns of equal length. */
export interface SliceColumns {
  /** Index into `subjects`; 0 is "no call". */
  readonly subject: readonly number[];
  readonly call: readonly number[];
  /** Machine-wide monotonic clock, ms (process.hrtime). */
  readonly startedAtMs: readonly number[];
  readonly wallMs: readonly number[];
  /** Main-thread CPU and run-queue time within; -1 where unknown. */
  readonly cpuMs: readonly number[];
  readonly hostDelayMs: readonly number[];
}
/** Answer to `stop blocking`. */
export interface BlockingRecord {
  /** Names; index 0 is '' for "no call". Running sums per subject beside it, same order. */
  readonly subjects: readonly string[];
  readonly calls: readonly number[];
  readonly onThreadMs: readonly number[];
  /** Without what the instrument itself cost, see below. */
  readonly cpuMs: readonly number[];
  /** CPU that it cost to follow one callback, measured in this process when the instrument was stopped; 0 when it could not be. */
  readonly callbackCostUs: number;
  /** The same of one sample of V8's profiler. */
  readonly sampleCostUs: number;
  /** What was taken off `cpuMs` for both, by the number of callbacks and by the time on the thread. */
  readonly ownCpuMs: readonly number[];
  readonly gcMs: readonly number[];
  readonly slices: SliceColumns;
  readonly droppedSlices: number;
  readonly gc: { readonly startedAtMs: readonly number[]; readonly durationMs: readonly number[] };
  readonly cpuClock: 'schedstat' | 'thread' | 'process';
  readonly startedAtMs: number;
  readonly observedMs: number;
  readonly profile: CpuProfileEvidence['profile'];
  /** Add to a profile time in µs, then divide by 1,000, to get the machine-wide monotonic clock in ms. */
  readonly profileOffsetUs: number;
  /** Only of a late attachment: from its start until the event loop first turned, whatever held it until then. */
  readonly untilFirstTurn?: HeldLoop;
}
/** A time in which the event loop did not turn, and what the main thread did in it (-1 where unknown). */
export interface HeldLoop {
  readonly startedAtMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly hostDelayMs: number;
}
/** Scripts by V8's number, or by the URL under which they were loaded. */
export interface WantedScripts {
  readonly scriptIds: readonly string[];
  readonly urls: readonly string[];
}
/** A script as V8 compiled it. */
export interface ScriptText {
  readonly scriptId: string;
  readonly url: string;
  readonly text: string;
}
export interface ScriptsAnswer {
  readonly scripts: readonly ScriptText[];
  /** Scripts that were too long. */
  readonly omitted: number;
}
/** Answer to `stop overlap`. */
export type OverlapAnswer = OverlapRecord;
/** Answer to `stop waiting`. */
export type WaitingAnswer = WaitingRecord;

/** Answer to `vitals` with `on: false`. */
export interface AgentVitals {
  readonly gc: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  /** Null when too little was seen. */
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly eventLoopUtilisation: number;
  readonly heapUsedBytes: number;
}

export interface AgentCounters {
  readonly atMs: number;
  readonly mainCpuMs: number | null;
  readonly hostDelayMs: number | null;
  readonly eventLoopUtilization: { readonly idleMs: number; readonly activeMs: number };
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly activeResources: Readonly<Record<string, number>>;
}
