import type { RaceCall, RacePair, RaceViolation, ToolAnnotations, Trial } from '../evidence/index.ts';
import type { TrialRunner } from './trial-runner.ts';

/** One thing to be raced: a tool, another method, or one recorded call. */
export interface RaceSubject {
  /** Unique in a run. */
  readonly name: string;
  readonly annotations: ToolAnnotations;
  /**
   * Its n-th call, from 0, always the same one for the same number. Different numbers should name different things
   * (another id, another file); the same number the same things, in other subjects too, so that `create(0)` and
   * `delete(0)` meet. A subject with one recorded call gives that one for every number.
   */
  readonly call: (number: number) => RaceCall;
}

/** What must hold after every schedule, in the user's words. */
export interface RaceInvariant {
  readonly name: string;
  /** Null when it holds; else what is wrong, in a sentence. */
  readonly check: (trial: Trial, calls: readonly RaceCall[]) => string | null;
}

/** How far the search is. */
export interface RaceProgress {
  readonly phase: 'references' | 'pairs' | 'boundary' | 'deeper' | 'triples' | 'crowd' | 'scaling';
  readonly trials: number;
  /** What is being raced, such as `create_entities × read_graph`. */
  readonly doing: string;
  readonly violations: number;
}

/** How sets of calls are judged and searched; the same for a whole matrix and for one scenario of a test. */
export interface SearchOptions {
  readonly runner: TrialRunner;
  /** Read-only calls that show the state afterwards, besides the files. */
  readonly observe: readonly RaceCall[];
  /** Schedules with more preemptions are not tried. */
  readonly preemptionBound: number;
  readonly seed: number;
  readonly invariants: readonly RaceInvariant[];
  /** JSON paths in answers and JSON files that are not compared, such as `$.updatedAt` or `$.items[*].id`. */
  readonly ignore: readonly string[];
  readonly onProgress?: (progress: RaceProgress) => void;
  readonly signal?: AbortSignal;
}

/** Two calls, each the n-th of a subject. */
export type MetCalls = readonly [
  { readonly subject: string; readonly number: number },
  { readonly subject: string; readonly number: number },
];

export interface ExploreOptions extends SearchOptions {
  readonly subjects: readonly RaceSubject[];
  /** Calls that bring about the state to race in (the workload's own); made before every trial. */
  readonly setup: readonly RaceCall[];
  /** Pairs of calls that are known to meet, such as those that ran together in a recording: raced first. */
  readonly met?: readonly MetCalls[];
  /** Connections the runner has: with two, each pair is also raced across them. With two processes: always across. */
  readonly connections: number;
  readonly processes: number;
  readonly workingCopy: string;
  readonly budgetMs: number;
  readonly leftOut: readonly { readonly subject: string; readonly why: string }[];
  /** Reads a clock that the budget is kept by; not for verdicts. */
  readonly now?: () => number;
  /** Told of each violation as it is found. */
  readonly onViolation?: (violation: RaceViolation) => void;
}

/** One set of calls, raced for itself: what `race` of `mettle/testing` asks for. */
export interface ScenarioOptions extends SearchOptions {
  readonly setup: readonly RaceCall[];
  readonly calls: readonly RaceCall[];
  /** What the lanes are called, in the order of the calls. */
  readonly names: readonly string[];
  /** No more trials than that. */
  readonly maxTrials: number;
}

/** What came of one set of calls. */
export interface ScenarioResult {
  readonly pair: RacePair;
  /** The smallest schedule of each class that was seen. */
  readonly violations: readonly RaceViolation[];
  readonly coverage: string;
  /** What escaped control. */
  readonly uncontrolled: readonly string[];
}

/** A schedule to be shown again: of one of the subjects' calls (`RaceViolation.replay`), or of calls given outright. */
export interface ReplayOptions extends SearchOptions {
  readonly replay: string;
  readonly subjects: readonly RaceSubject[];
  readonly setup: readonly RaceCall[];
  /** Of the violation as it was found, when it is known: tells code that changed from code that was mended. */
  readonly traceHash?: string;
}

/**
 * `shown`: the fault is there again. `gone`: the schedule was followed and its outcome is one that an order explains.
 * `diverged`: the schedule could not be followed any more, and what came of it is not a fault.
 */
export interface ReplayResult {
  /** What the schedule calls. */
  readonly subjects: readonly string[];
  readonly status: 'shown' | 'gone' | 'diverged';
  readonly violation: RaceViolation | null;
  /** Number of the step from which on the schedule could not be followed, from 0; null when it could. */
  readonly divergedAt: number | null;
  /** `traceHash` was given, and the steps are others: other code was met. */
  readonly changed: boolean;
  readonly trial: Trial;
}
