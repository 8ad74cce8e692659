import type { Bundle, EvidenceKey, EvidenceMap } from '../../evidence/index.ts';
import { plan } from '../plan.ts';

/** The bundle of a benchmark that gathered this evidence. */
export function benchBundle(
  request: { readonly mettle: string; readonly command: string; readonly budgetMs: number },
  startedAt: Date,
  evidence: Partial<EvidenceMap>,
  notes: readonly string[],
): Bundle {
  const { absent } = plan({ examination: 'bench', budgetMs: request.budgetMs, noAgent: null });
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: request.mettle,
      node: process.version,
      examination: 'bench',
      command: request.command,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      present: Object.keys(evidence) as EvidenceKey[],
      absent,
      notes,
    },
    evidence,
  };
}
