/** A place in the target's source: `file` as the runtime named it, `line` and `column` counted from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly function?: string;
}

/** One stack frame, innermost first in every stack Mettle keeps. */
export interface Frame {
  readonly function: string;
  /** Absolute path, `node:…` for Node internals, '' for native code. */
  readonly file: string;
  /** Counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
}

export type Severity = 'critical' | 'high' | 'medium' | 'low';
export type Confidence = 'reproduced' | 'measured' | 'suspected';

export interface TableExhibit {
  readonly kind: 'table';
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}
export interface SeriesExhibit {
  readonly kind: 'series';
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}
export interface StackExhibit {
  readonly kind: 'stack';
  readonly title: string;
  readonly frames: readonly Frame[];
}
export interface RetainingPathExhibit {
  readonly kind: 'retaining-path';
  readonly title: string;
  readonly steps: readonly string[];
}
export interface InterleavingExhibit {
  readonly kind: 'interleaving';
  readonly title: string;
  readonly lanes: readonly string[];
  readonly steps: readonly {
    readonly lane: number;
    readonly text: string;
    /** The line that asked for it. */
    readonly place?: Pick<SourceLocation, 'file' | 'line'>;
    /** What it does to the other lanes: "overwrites step 6; its input was read at step 2". */
    readonly note?: string;
  }[];
}
export interface TranscriptExhibit {
  readonly kind: 'transcript';
  readonly title: string;
  readonly lines: readonly string[];
}
/** What a finding rests on. A closed union: renderers switch over it exhaustively. */
export type Exhibit =
  | TableExhibit
  | SeriesExhibit
  | StackExhibit
  | RetainingPathExhibit
  | InterleavingExhibit
  | TranscriptExhibit;

export interface Finding {
  /** The failing state as a noun; the name of the detector's file. */
  readonly id: string;
  /** Same bug, same hash: across runs, machines and line shifts. */
  readonly fingerprint: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** MCP tool, or the method's name for what is not a tool; absent = the whole server. */
  readonly tool?: string;
  /** One plain sentence with the figure in it. */
  readonly title: string;
  readonly evidence: readonly Exhibit[];
  readonly location?: SourceLocation;
  readonly cost: {
    readonly value: number;
    readonly unit: string;
    readonly per: 'call' | 'session' | 'second' | 'run';
  };
  /** What to change, naming the primitive or library to use. */
  readonly fix: string;
  readonly verify: { readonly command: string; readonly expect: string };
  /** Fingerprints of the findings that name the cause of this one, dearest first: mending them mends it. */
  readonly causedBy?: readonly string[];
}

export type Verdict =
  | { readonly status: 'found'; readonly findings: readonly Finding[] }
  /** `looked`: what was looked at, in figures. */
  | { readonly status: 'clear'; readonly looked: string }
  /** `why`: what was missing, and how to supply it. */
  | { readonly status: 'skipped'; readonly why: string }
  | { readonly status: 'failed'; readonly error: { readonly message: string; readonly stack?: string } };

/** The failure modes, in the order in which reports show them. */
export const CHECKS = [
  'cpu',
  'latency',
  'leak',
  'serialisation',
  'race',
  'overload',
  'protocol',
  'regression',
] as const;
export type Check = (typeof CHECKS)[number];
