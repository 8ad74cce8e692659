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
  StdoutEvidence,
} from './measurements.ts';
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
  process: ProcessEvidence;
  cpuProfile: CpuProfileEvidence;
}
export type EvidenceKey = keyof EvidenceMap;

/** Reads evidence of the kinds it needs, returns findings; pure. */
export interface Detector<K extends EvidenceKey = EvidenceKey> {
  readonly id: string;
  readonly check: Check;
  readonly needs: readonly K[];
  detect(evidence: Pick<EvidenceMap, K>): readonly Finding[];
  /** What was looked at, in figures, for a clear verdict: a clause such as "5 tools, 1,240 calls". */
  looked(evidence: Pick<EvidenceMap, K>): string;
}

/** The bundle's own description: `bundle.json`. */
export interface BundleManifest {
  readonly schema: 'mettle/bundle@1';
  readonly mettle: string;
  readonly node: string;
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
