import type { Frame } from './finding.ts';

/*
 * Schedules of concurrent calls and what came of them. A lane is one racing call: 'A', 'B', … in the order in which
 * the calls are listed; what belongs to no call is in the lane 'background'. A step is one event that the schedule
 * can place: that an operation takes effect, or that its completion is delivered.
 */

/** A call that takes part: a tool, or another method with its parameters. */
export interface RaceCall {
  readonly tool?: string;
  readonly arguments?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  /** Which connection makes it, from 0: another session, or another process of the server. */
  readonly connection: number;
}

/** One step that was taken. */
export interface RaceStep {
  /** `A#3`: the lane, and the number of the step within it, from 1. The same in every schedule that takes it. */
  readonly id: string;
  readonly lane: string;
  /** `call` (the request arrives), `answer`, `fs.readFile`, `fs.open`, `fs.write`, `timer`, `socket.data`, `child.exit` … */
  readonly kind: string;
  /** `effect`: the operation acts; `delivery`: the code that waits for it goes on. */
  readonly phase: 'effect' | 'delivery';
  /** What it touches: a path within the working copy, a socket, a database file; null when nothing shared is known. */
  readonly resource: string | null;
  readonly writes: boolean;
  /** Such as `74 B` or `30 ms`; '' when there is nothing to say. */
  readonly detail: string;
  /** The innermost frame of the server's own code that asked for the operation; null when unknown. */
  readonly site: Frame | null;
}

/** What else could have been taken where a step was: the material of the search. */
export interface RaceChoice {
  /** Id of the step that was taken. */
  readonly taken: string;
  /** Ids of the others that could have been. */
  readonly others: readonly string[];
  /** The step of the chain that ran before, when it could have gone on: to take another one preempts it. */
  readonly continues: string | null;
}

/** How the order is chosen. Deterministic: the same specification gives the same order. */
export type ScheduleSpec =
  /** One call after the other. */
  | { readonly strategy: 'sequential'; readonly order: readonly string[] }
  /** These steps by id, then the same chain as long as it can: no preemption of its own (Musuvathi & Qadeer, PLDI 2007). */
  | { readonly strategy: 'prefix'; readonly decisions: readonly string[] }
  | { readonly strategy: 'random'; readonly seed: number }
  /** Partial order sampling (Yuan, Yang & Gu, CAV 2018). */
  | { readonly strategy: 'pos'; readonly seed: number }
  /** Random priorities with `depth - 1` points of change in `length` steps (Burckhardt et al., ASPLOS 2010). */
  | { readonly strategy: 'pct'; readonly seed: number; readonly depth: number; readonly length: number }
  /** All calls begun, then always the one that is least far. */
  | { readonly strategy: 'breadth' }
  /** Where there is no control: nothing held, completions delayed at random. */
  | { readonly strategy: 'delay'; readonly seed: number; readonly longestMs: number }
  /** Nothing held, nothing delayed. */
  | { readonly strategy: 'free' };

/** What the target tells of one trial. */
export interface TrialRecord {
  /**
   * `deadlock`: a call unanswered, nothing pending, nothing outside that could still happen (a proof, not a time-out).
   * `timed-out`: unanswered while something uncontrolled was still going on. `livelock`: more steps than allowed.
   */
  readonly status: 'done' | 'deadlock' | 'timed-out' | 'livelock';
  readonly steps: readonly RaceStep[];
  /** As many as `steps`. */
  readonly choices: readonly RaceChoice[];
  /** Number of the step at which the asked decisions could not be followed, from 0; null when they could. */
  readonly divergedAt: number | null;
  /** What escaped control in this trial (`worker thread`, `native add-on sqlite3`, …): its order was not chosen. */
  readonly uncontrolled: readonly string[];
  /** Virtual time from the first call to the last answer. */
  readonly virtualMs: number;
  /** Calls with outstanding work at one time, at most. */
  readonly overlap: number;
  /** Longest stretch of one lane between two steps, CPU time of the main thread. */
  readonly longestSynchronousCpuMs: number;
  readonly peakSockets: number;
  readonly peakFiles: number;
  /** Jobs handed to the thread pool of libuv and not done, at most. */
  readonly peakThreadPoolJobs: number;
  /**
   * CPU time, away from the main thread, of the costliest single job of the thread pool: without it a pool full of short
   * file reads could not be told from one full of key derivations. Absent where it cannot be read.
   */
  readonly longestPoolJobCpuMs?: number;
}

/** One answer as it is compared: canonical JSON text, with clocks, ids and the working copy's path masked. */
export interface RaceAnswer {
  readonly status: 'success' | 'tool-error' | 'protocol-error' | 'unanswered';
  readonly text: string;
}

/** One trial whole: what the target tells, what the calls answered and what was left behind. */
export interface Trial {
  readonly record: TrialRecord;
  /** In the order of the calls. */
  readonly answers: readonly RaceAnswer[];
  /** Answers of the read-only calls made afterwards, in their order. */
  readonly observed: readonly RaceAnswer[];
  /** Files of the working copy afterwards, by path: their text, or `sha256:…` of what is long or no text. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether the process died, with its exit code or signal and the last of its stderr. */
  readonly crash: string | null;
}

/** How the state was put back between trials, cheapest first. */
export type RaceReset = 'files' | 'factory' | 'reimport' | 'process';

/** What a schedule that no order of the same calls explains did. */
export type RaceClass = 'state' | 'error' | 'hang' | 'crash' | 'invariant' | 'results';

/** An outcome in words that a person compares: of the racing calls, or of an order that explains nothing. */
export interface RaceOutcome {
  /** `A→B`, or null for the schedule itself. */
  readonly order: string | null;
  readonly answers: readonly RaceAnswer[];
  readonly observed: readonly RaceAnswer[];
  readonly files: Readonly<Record<string, string>>;
}

/** A proven fault: the smallest schedule that shows it, kept so that it can be shown again. */
export interface RaceViolation {
  readonly class: RaceClass;
  /** Names of the racing subjects, in the order of the lanes. */
  readonly subjects: readonly string[];
  readonly calls: readonly RaceCall[];
  /** Calls made before, in sequence (the boundary finder's, or the workload's). */
  readonly setup: readonly RaceCall[];
  /** `A,B:A#2>B`: the schedule among these calls. */
  readonly token: string;
  /** What `--replay` takes, which names the calls too: `create@0,create@1;A,B:A#2>B`. To be quoted in a shell. */
  readonly replay: string;
  /** Hash of the steps' kinds and resources: a replay that differs met other code. */
  readonly traceHash: string;
  readonly preemptions: number;
  /** The number of the trial that found it, from 1. */
  readonly foundInTrial: number;
  /** Of the schedules tried for these calls, how many were bad. */
  readonly badTrials: number;
  readonly trials: number;
  readonly steps: readonly RaceStep[];
  readonly outcome: RaceOutcome;
  /** What the orders of the same calls give. */
  readonly allowed: readonly RaceOutcome[];
  /** Whether a fresh process showed it again by its token. */
  readonly reproduced: boolean;
  /** What the user's invariant said; null when another oracle judged. */
  readonly invariant: string | null;
}

/** What was tried of one set of calls. */
export interface RacePair {
  readonly subjects: readonly string[];
  readonly connections: number;
  readonly trials: number;
  readonly badTrials: number;
  /** Every schedule with at most so many preemptions was tried; null when not even those with none. */
  readonly completeBound: number | null;
  readonly worst: RaceClass | null;
  /** Why nothing is said of it: not deterministic by itself, out of control, cut short; null when it is judged. */
  readonly undecided: string | null;
}

/** What one subject does as more and more of its calls run together under control: no clock is read for it. */
export interface RaceScaling {
  readonly subject: string;
  /** One row per number of calls (1, 2, 10, 50). */
  readonly rows: readonly {
    readonly calls: number;
    readonly overlap: number;
    readonly virtualMs: number;
    readonly longestSynchronousCpuMs: number;
    readonly peakSockets: number;
    readonly peakFiles: number;
    readonly peakThreadPoolJobs: number;
    /** As in the trial's record. */
    readonly longestPoolJobCpuMs?: number;
    readonly errors: number;
    readonly status: TrialRecord['status'];
    readonly crash: string | null;
    /** Where the lanes that have no outstanding work wait, most frequent first. */
    readonly waitingAt: readonly { readonly site: Frame; readonly lanes: number }[];
    /** Where the lanes ask for the connections that they first write to, most frequent first; older bundles do not say. */
    readonly connectingAt?: readonly { readonly site: Frame; readonly lanes: number }[];
  }[];
}

/** All of `mettle race`. */
export interface RaceEvidence {
  readonly reset: RaceReset;
  /** Where the server worked: a copy of `state`, or an empty folder. */
  readonly workingCopy: string;
  readonly processes: number;
  readonly preemptionBound: number;
  readonly trials: number;
  readonly pairs: readonly RacePair[];
  readonly violations: readonly RaceViolation[];
  readonly scaling: readonly RaceScaling[];
  /** Subjects that took no part, with the reason. */
  readonly leftOut: readonly { readonly subject: string; readonly why: string }[];
  /** One schedule was shown again, and nothing else tried. */
  readonly replayed?: boolean;
  /** What escaped control, over all trials. */
  readonly uncontrolled: readonly string[];
  /** Exactly what was tried: `every schedule with at most 1 preemption at I/O boundaries: 635 trials, 45 pairs`. */
  readonly coverage: string;
  readonly elapsedMs: number;
  readonly cpuMs: number;
}
