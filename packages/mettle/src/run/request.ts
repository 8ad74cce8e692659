import type { Era, Examination, TargetSpec } from '../evidence/index.ts';
import type { ReplaySetting } from '../load/index.ts';
import type { Workload } from '../load/workload.ts';
import type { Progress } from './progress.ts';

/** Everything a run is told by its caller. */
export interface ExaminationRequest {
  readonly examination: Examination;
  readonly spec: TargetSpec;
  /** The arguments that reproduce this target after `mettle check `, quoted and redacted. */
  readonly targetArguments: string;
  /** The whole command as typed, redacted; kept in the bundle. */
  readonly command: string;
  /** Version of Mettle. */
  readonly mettle: string;
  readonly tools: readonly string[];
  readonly workload: Workload | null;
  /** How the recording in the workload is made again, in order; absent: its calls are a mix. */
  readonly replay?: ReplaySetting;
  readonly allowWrites: boolean;
  readonly budgetMs: number;
  readonly seed: number;
  readonly era: Era | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}
