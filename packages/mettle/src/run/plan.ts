import type { EvidenceKey } from '../evidence/index.ts';

/** How much a stage's instruments disturb the target; one level per stage, so latency is never measured while profiling. */
export type Disturbance = 'passive' | 'sampling' | 'tracing';

export type StageName = 'solo' | 'batches' | 'mixed' | 'blocking' | 'overlap';

export interface Stage {
  readonly name: StageName;
  /** For people: what happens now. */
  readonly title: string;
  readonly disturbance: Disturbance;
  readonly produces: readonly EvidenceKey[];
  /** Most wall time the stage may use, ms. */
  readonly budgetMs: number;
}

export interface Plan {
  readonly stages: readonly Stage[];
  /** Evidence that will not be there: why, and how to supply it. */
  readonly absent: Readonly<Partial<Record<EvidenceKey, string>>>;
}

interface StageTemplate extends Omit<Stage, 'budgetMs'> {
  readonly share: number;
  readonly needsAgent: boolean;
}

/*
 * Shares of the budget. The timed calls get most, since intervals narrow with their number; the traced
 * batches need only a few calls each.
 */
const STAGES: readonly StageTemplate[] = [
  { name: 'solo', title: 'timing each call alone', disturbance: 'passive', produces: ['latency'], share: 0.3, needsAgent: false },
  { name: 'batches', title: 'sending calls together', disturbance: 'passive', produces: ['concurrency'], share: 0.25, needsAgent: false },
  { name: 'mixed', title: 'mixing all calls', disturbance: 'passive', produces: ['mixedLatency'], share: 0.12, needsAgent: false },
  { name: 'blocking', title: 'profiling the event loop', disturbance: 'sampling', produces: ['blocking', 'cpuProfile'], share: 0.23, needsAgent: true },
  { name: 'overlap', title: 'tracing what calls wait for', disturbance: 'tracing', produces: ['overlap'], share: 0.1, needsAgent: true },
];

/**
 * The stages of a run, least disturbing first, with their shares of `budgetMs`.
 * Without an agent, its stages are left out with `noAgent` as the reason.
 */
export function plan(options: { readonly budgetMs: number; readonly noAgent: string | null }): Plan {
  const chosen = STAGES.filter((stage) => options.noAgent === null || !stage.needsAgent);
  const total = chosen.reduce((sum, stage) => sum + stage.share, 0);
  const absent: Partial<Record<EvidenceKey, string>> = {};
  if (options.noAgent !== null)
    for (const stage of STAGES) if (stage.needsAgent) for (const key of stage.produces) absent[key] = options.noAgent;
  return {
    stages: chosen.map(({ share, needsAgent: _, ...stage }) => ({ ...stage, budgetMs: (options.budgetMs * share) / total })),
    absent,
  };
}
