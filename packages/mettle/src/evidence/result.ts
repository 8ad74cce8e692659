import type { BenchEvidence } from './bench.ts';
import type { ComparisonResult, ThresholdResult } from './comparison.ts';
import type { HeapComparisonEvidence } from './heap-comparison.ts';
import type { HistoryEvidence } from './history.ts';
import type { InProcessEvidence } from './in-process.ts';
import type { Check, Finding, Verdict } from './finding.ts';
import type { ProbeEvidence } from './probe.ts';
import type { WaitKind } from './waiting.ts';
import type { LookingCost } from './looking-cost.ts';
import type { Era } from './target.ts';

export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** What takes most of a call's time. `host-starved`: the host does, so nothing is concluded. */
export type SlowKind = 'cpu-bound' | 'blocked-event-loop' | 'gc-bound' | 'waiting' | 'host-starved';

/** One thing that calls wait for; `share` of their whole time. */
export interface WaitPart {
  readonly kind: WaitKind;
  /** Peer, host name, path, command; null when there is no more to say. */
  readonly what: string | null;
  readonly ms: number;
  readonly share: number;
}

/** Where the time of a call goes, ms per call; the parts do not overlap, `totalMs` is their sum. */
export interface TimeUse {
  readonly kind: SlowKind;
  readonly totalMs: number;
  /** Computing on the main thread, garbage collection apart. */
  readonly cpuMs: number;
  readonly gcMs: number;
  /** The event loop held without computing by the call itself, or held by others when the call could go on. */
  readonly blockedMs: number;
  readonly waitingMs: number;
  /** The main thread in the host's run queue. */
  readonly hostDelayMs: number;
  readonly waitsFor: readonly WaitPart[];
}
/** Of one tool: called alone, and several calls together (null: not traced). */
export interface ToolTime extends TimeUse {
  readonly together: (TimeUse & { readonly inFlight: number; readonly poolThreads: number }) | null;
}
/** Of the whole server: the mean over its tools, as often as each is called in the mix. */
export interface ServerTime extends TimeUse {
  readonly tools: number;
}

/** One examined (or passed over) tool or method, as CONTRACTS gives it. `null` = not measured. */
export interface ToolResult {
  readonly name: string;
  /** 'tool' for MCP tools, 'method' for tools/list, resources/read, prompts/get … */
  readonly kind: 'tool' | 'method';
  readonly exercised: boolean;
  /** Why it was not exercised or not measured; null when it was. */
  readonly reason: string | null;
  readonly calls: number;
  readonly errors: number;
  readonly latencyMs: LatencySummary | null;
  readonly cpuMsPerCall: number | null;
  readonly maxBlockMs: number | null;
  readonly retainedBytesPerCall: number | null;
  readonly overlap: number | null;
  /** What kind of slow it is; null when it was not seen from inside. */
  readonly time?: ToolTime | null;
}

/** What a benchmark measured: its evidence without the requests that were sent. */
export type BenchResult = Omit<BenchEvidence, 'samples'>;

/** `result.json` in a bundle, and what `--format json` prints. */
export interface Result {
  readonly schema: 'mettle/result@1';
  readonly mettle: string;
  readonly node: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly command: string;
  readonly target: {
    /** `snapshots`: no server was started or reached; two heap snapshots were compared. */
    readonly kind: 'stdio' | 'http' | 'module' | 'snapshots';
    readonly command: readonly string[] | null;
    readonly url: string | null;
    readonly node: string | null;
    readonly server: { readonly name: string; readonly version: string } | null;
    readonly protocolVersion: string | null;
    readonly era: Era | null;
    readonly sdk: { readonly name: string; readonly version: string | null } | null;
  };
  readonly tools: readonly ToolResult[];
  /** What kind of slow the whole server is; null when it was not seen from inside. */
  readonly time?: ServerTime | null;
  readonly checks: Readonly<Record<Check, Verdict>>;
  readonly findings: readonly Finding[];
  /** Of `mettle bench` only. */
  readonly bench?: BenchResult;
  /** Of two versions compared, with `mettle bench --compare` or `--against`. */
  readonly comparison?: ComparisonResult;
  /** Of a module called in its own process. */
  readonly inProcess?: InProcessEvidence;
  /** Of the runs of a history file, with `--history`. */
  readonly history?: Pick<HistoryEvidence, 'changes'> & { readonly runs: number };
  /** Of `mettle leak --compare`: two heap snapshots. */
  readonly heapComparison?: HeapComparisonEvidence;
  /** Of `mettle probe` only: what one look from outside saw. */
  readonly probe?: ProbeEvidence;
  /** Limits given with `--fail-on`, and whether they were kept. */
  readonly thresholds?: readonly ThresholdResult[];
  /** What the profiler cost the server's main thread; absent when nothing was profiled, or by `mettle attach`. */
  readonly lookingCost?: LookingCost;
  /** Sentences on what limits the result: no agent, a starved host, a cut budget. */
  readonly notes: readonly string[];
}
