import type { BenchEvidence } from './bench.ts';
import type { ComparisonEvidence, ThresholdsEvidence } from './comparison.ts';
import type { HeapGrowthEvidence } from './heap.ts';
import type { HeapComparisonEvidence } from './heap-comparison.ts';
import type { HistoryEvidence } from './history.ts';
import type { InProcessEvidence } from './in-process.ts';
import type { LookingCost } from './looking-cost.ts';
import type {
  BlockingEvidence,
  ConcurrencyEvidence,
  CpuProfileEvidence,
  ExerciseEvidence,
  LatencyEvidence,
  MixedLatencyEvidence,
  OverlapEvidence,
  ProcessEvidence,
  ReachEvidence,
  SourcesEvidence,
  StdoutEvidence,
} from './measurements.ts';
import type { MemoryWatchEvidence } from './memory-watch.ts';
import type { ProbeEvidence } from './probe.ts';
import type { RaceEvidence } from './race.ts';
import type { WaitingEvidence } from './waiting.ts';
import type { CatalogueEvidence } from './subject.ts';
import type { TargetEvidence } from './target.ts';
import type { Check, Finding } from './finding.ts';

/** Every kind of evidence a bundle may hold. One file in the bundle per key. */
export interface EvidenceMap {
  target: TargetEvidence;
  reach: ReachEvidence;
  catalogue: CatalogueEvidence;
  exercise: ExerciseEvidence;
  stdout: StdoutEvidence;
  latency: LatencyEvidence;
  concurrency: ConcurrencyEvidence;
  mixedLatency: MixedLatencyEvidence;
  blocking: BlockingEvidence;
  overlap: OverlapEvidence;
  waiting: WaitingEvidence;
  process: ProcessEvidence;
  cpuProfile: CpuProfileEvidence;
  lookingCost: LookingCost;
  sources: SourcesEvidence;
  bench: BenchEvidence;
  comparison: ComparisonEvidence;
  thresholds: ThresholdsEvidence;
  inProcess: InProcessEvidence;
  history: HistoryEvidence;
  heapGrowth: HeapGrowthEvidence;
  heapComparison: HeapComparisonEvidence;
  memoryWatch: MemoryWatchEvidence;
  race: RaceEvidence;
  probe: ProbeEvidence;
}
export type EvidenceKey = keyof EvidenceMap;

/** Reads evidence of the kinds it needs, returns findings; pure. */
export interface Detector<K extends EvidenceKey = EvidenceKey> {
  readonly id: string;
  readonly check: Check;
  /** What it cannot do without. */
  readonly needs: readonly K[];
  /** The runs that could show it; absent: all. */
  readonly examinations?: readonly Examination[];
  /** What it reads besides when it is there. */
  readonly mayUse?: readonly EvidenceKey[];
  detect(evidence: DetectorInput<K>): readonly Finding[];
  /** Why the evidence, though there, shows nothing that could be judged; null when it does. Then there is no clear verdict. */
  blind?(evidence: DetectorInput<K>): string | null;
  /** What was looked at, in figures, for a clear verdict: a clause such as "5 tools, 1,240 calls". */
  looked(evidence: DetectorInput<K>): string;
  /** How it tells the same fault in a run that brings other evidence. */
  readonly elsewhere?: Readonly<Partial<Record<Examination, DetectorPart>>>;
}
/** What judges, of a detector. */
export type DetectorPart<K extends EvidenceKey = EvidenceKey> = Pick<
  Detector<K>,
  'needs' | 'detect' | 'blind' | 'looked'
>;
/** Evidence as a detector is given it: what it needs for certain, everything else perhaps. */
export type DetectorInput<K extends EvidenceKey> = Pick<EvidenceMap, K> & Readonly<Partial<EvidenceMap>>;

/** What a run set out to do: the command of that name. */
export type Examination =
  | 'check'
  | 'profile'
  | 'attach'
  | 'attach --memory'
  | 'bench'
  | 'leak'
  | 'race'
  | 'probe';

/** The bundle's own description: `bundle.json`. */
export interface BundleManifest {
  readonly schema: 'mettle/bundle@1';
  readonly mettle: string;
  readonly node: string;
  readonly examination: Examination;
  readonly command: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Keys present, and for those absent the reason and how to supply them. */
  readonly present: readonly EvidenceKey[];
  readonly absent: Readonly<Partial<Record<EvidenceKey, string>>>;
  readonly notes: readonly string[];
}
/** A bundle in memory. */
export interface Bundle {
  readonly manifest: BundleManifest;
  readonly evidence: Readonly<Partial<EvidenceMap>>;
}
