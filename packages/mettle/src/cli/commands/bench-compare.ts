import { examineComparison } from '../../run/index.ts';
import type { ComparisonRequest, Examined } from '../../run/index.ts';
import type { Threshold } from '../../evidence/index.ts';
import type { CompareSettings } from '../compare-options.ts';
import type { Host } from '../host.ts';
import { progressView } from '../progress.ts';

type Common = Omit<ComparisonRequest, 'compareWith' | 'tolerance' | 'thresholds' | 'onProgress'>;

/** Runs the comparison that the settings ask for; null when they ask for none. */
export async function runComparison(
  host: Host,
  quiet: boolean,
  common: Common,
  { compareWith, tolerance, thresholds }: CompareSettings & { readonly thresholds: readonly Threshold[] },
): Promise<Examined | null> {
  if (compareWith === null) return null;
  const progress = progressView(host, quiet);
  return examineComparison({
    ...common,
    compareWith,
    tolerance,
    thresholds,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.end());
}
