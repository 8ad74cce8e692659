import type { RaceCall, RaceReset, ScheduleSpec, Trial } from '../evidence/index.ts';

/*
 * What the search asks of whoever runs trials (trials/): everything else here is arithmetic over its answers, so that
 * the search is tested against model programs and knows nothing of processes and files.
 */

/** One trial: the state put back, the setup one after the other, the calls under the schedule, then the observers. */
export interface TrialRequest {
  /** Made one after the other before the schedule begins, outside it. */
  readonly setup: readonly RaceCall[];
  /** The racing calls; the n-th is lane `A`, `B`, … (`laneOf`). */
  readonly calls: readonly RaceCall[];
  readonly schedule: ScheduleSpec;
  /** Read-only calls made one after the other when all lanes have ended. */
  readonly observe: readonly RaceCall[];
  /** In a process started for this trial alone: how a finding is confirmed. */
  readonly fresh?: boolean;
  /** More steps than that end the trial as `livelock`; the runner's own limit when not given. */
  readonly maxSteps?: number;
}

/** Runs trials, one at a time. */
export interface TrialRunner {
  /** How it puts the state back. */
  readonly reset: RaceReset;
  /** Rejects only when no trial can be run any more (the server does not start): what a server does wrong is in the Trial. */
  run(request: TrialRequest): Promise<Trial>;
  close(): Promise<void>;
}

/** Name of the n-th racing call's lane, from 0: `A` … `Z`, `AA`, `AB` … */
export function laneOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${laneOf(Math.floor(index / 26) - 1)}${letter}`;
}
