import type { CpuProfileEvidence } from './measurements.ts';
import type { Subject } from './subject.ts';

/*
 * Two versions of a server, driven alternately in one session. The unit is the pair: a fresh process of each, warmed
 * up, then called in turns of a few calls (A B B A …), so that whatever the machine does meets both. Ratios are
 * candidate over baseline, kept as natural logarithms.
 */

/** What can be judged of two versions. */
export const METRICS = ['latency', 'cpu', 'throughput', 'tail', 'memory'] as const;
export type Metric = (typeof METRICS)[number];

/** One version of the server, as people name it. */
export interface ComparedSide {
  /** `git:main (1a2b3c4)`, `as it stands`, `saved 2026-11-20`, or the command. */
  readonly label: string;
  readonly command: readonly string[] | null;
  readonly cwd: string;
  readonly node: string | null;
  readonly server: { readonly name: string; readonly version: string } | null;
}

/** What one subject of one side showed within a pair. */
export interface SideFigures {
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | null;
  /** Of calls made one at a time; null when none succeeded. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
    readonly mean: number;
  } | null;
  /** Successful calls made one at a time. */
  readonly timedCalls: number;
  /** CPU of the main thread while this side was driven; null where it cannot be read. */
  readonly mainCpuMsPerCall: number | null;
  /** Calls per second with several in flight; null when it was not driven so. */
  readonly throughputPerSecond: number | null;
  /** Calls over the tail's mark, which is the same for both sides of the pair. */
  readonly overMark: number;
}

/** A subject within a pair: each figure from turns of both sides next to each other. */
export interface PairedFigures {
  readonly subject: Subject;
  readonly baseline: SideFigures;
  readonly candidate: SideFigures;
  /** Turns of each side with calls one at a time. */
  readonly turns: number;
  /** The host kept the calls waiting most of the time: latency is then the median without its delays. */
  readonly starved: boolean;
  /** Null where the turns gave none. */
  readonly logRatio: {
    readonly latency: number | null;
    readonly cpu: number | null;
    readonly throughput: number | null;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
  /** Standard errors of two of them, by how the turns of the pair scatter; null where there are too few. */
  readonly standardError: { readonly latency: number | null; readonly cpu: number | null };
  readonly tailMarkMs: number | null;
}

export interface ComparedPair {
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Share of the budget used up when the pair was done, 0 to 1. */
  readonly share: number;
  readonly subjects: readonly PairedFigures[];
  /** Resident memory of each side's processes after the same number of calls; null where it cannot be read. */
  readonly rssBytes: { readonly baseline: number; readonly candidate: number } | null;
}

/** A limit that the user set, such as `cpu>1.1x` or `p99<50ms`. */
export interface Threshold {
  /** As typed. */
  readonly expression: string;
  readonly metric: 'p50' | 'p95' | 'p99' | 'max' | 'latency' | 'cpu' | 'throughput' | 'memory' | 'errors';
  /** The run fails where the figure is surely on this side of the limit. */
  readonly failsWhen: 'above' | 'below';
  readonly limit: number;
  /** `ratio`: candidate over baseline. `ms`, `per-second`, `bytes`, `share`: of the server as it stands. */
  readonly unit: 'ratio' | 'ms' | 'per-second' | 'bytes' | 'share';
}

/** The limits that the user set for this run. */
export interface ThresholdsEvidence {
  readonly thresholds: readonly Threshold[];
}

/** Two sides interleaved, or this run and a saved one, each interleaved with the same yardstick. */
export interface ComparisonEvidence {
  readonly method: 'interleaved' | 'yardstick';
  readonly baseline: ComparedSide;
  readonly candidate: ComparedSide;
  /** What the reader must know about how far it can be trusted, in sentences. */
  readonly caveats: readonly string[];
  readonly pairs: readonly ComparedPair[];
  /** `yardstick` only: the saved run's pairs; in `pairs` and here the baseline is then the yardstick. */
  readonly savedPairs: readonly ComparedPair[] | null;
  /** Differences below this share are of no interest: the middle of "no difference". */
  readonly tolerance: number;
  readonly ended: 'decided' | 'budget' | 'interrupted' | 'fault';
  /** CPU profiles of both sides over calls of their own, after the timed pairs; null where they were not taken. */
  readonly profiles: {
    readonly baseline: ProfiledSide;
    readonly candidate: ProfiledSide;
  } | null;
}

export interface ProfiledSide {
  readonly cwd: string;
  readonly command: readonly string[] | null;
  readonly calls: Readonly<Record<string, number>>;
  readonly cpuProfile: CpuProfileEvidence;
}

/** Candidate over baseline with one-sided bounds; for the tail, shares of calls instead of a ratio. */
export interface JudgedFigure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** `unsure`: not enough evidence. */
  readonly standing: 'worse' | 'better' | 'same' | 'unsure';
  /** Medians over the pairs, in the figure's own unit; null where there is none. */
  readonly before: number | null;
  readonly after: number | null;
}
export type ComparisonConclusion = 'slower' | 'faster' | 'mixed' | 'no difference' | 'not enough evidence';

/** What a comparison says, in `result.json`. */
export interface ComparisonResult {
  readonly method: ComparisonEvidence['method'];
  readonly baseline: string;
  readonly candidate: string;
  readonly conclusion: ComparisonConclusion;
  readonly sentence: string;
  readonly pairs: number;
  readonly ended: ComparisonEvidence['ended'];
  readonly tolerance: number;
  readonly subjects: readonly {
    /** Null: all of them together. */
    readonly name: string | null;
    readonly conclusion: ComparisonConclusion;
    readonly figures: Readonly<Partial<Record<Metric, JudgedFigure>>>;
  }[];
  readonly caveats: readonly string[];
}

/** What became of a limit. */
export interface ThresholdResult {
  readonly expression: string;
  readonly subject: string | null;
  readonly standing: 'exceeded' | 'kept' | 'undecided' | 'not measured';
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: Threshold['unit'];
}
