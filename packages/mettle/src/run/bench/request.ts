import type { LoadShape, Threshold } from '../../evidence/index.ts';
import type { LiveFigures, ReplaySetting } from '../../load/index.ts';
import type { ExaminationRequest } from '../request.ts';

/** How a load run of `mettle bench` goes. */
export interface BenchSettings {
  readonly shape: LoadShape;
  /** How the workload's recording is made again; null: its calls are a mix. */
  readonly replay: ReplaySetting | null;
  readonly durationMs: number;
  /** Null: until steady. */
  readonly warmUpMs: number | null;
  readonly callTimeoutMs: number;
  /** Null: no search for the knee. */
  readonly p99BudgetMs: number | null;
  /** How long that search may take. */
  readonly capacityMs: number;
  /** Between two calls of one user. */
  readonly thinkTimeMs: number;
  readonly arguments: 'schema' | 'adversarial';
  readonly pin: boolean;
  /** Look inside for garbage and the event loop's delay, at some µs a call. */
  readonly agent: boolean;
}

/** What a benchmark tells while it goes. */
export interface BenchProgress {
  readonly title: string;
  /** 0 to 1, of the whole run. */
  readonly done: number;
  readonly remainingMs: number;
  /** Null while nothing is driven. */
  readonly live: LiveFigures | null;
}

export interface BenchRequest extends Omit<ExaminationRequest, 'onProgress'> {
  readonly settings: BenchSettings;
  readonly thresholds: readonly Threshold[];
  readonly onProgress: (progress: BenchProgress) => void;
}

/** While it is being gathered. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
