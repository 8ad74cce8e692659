import { examineAgainst, examineAlone, examineComparison } from '../../run/index.ts';
import type { ComparisonRequest, Examined, Progress } from '../../run/index.ts';
import type { Threshold } from '../../evidence/index.ts';
import type { CompareSettings } from '../compare-options.ts';
import type { Host } from '../host.ts';
import { progressView } from '../progress.ts';

type Common = Omit<ComparisonRequest, 'compareWith' | 'tolerance' | 'thresholds' | 'onProgress'>;

/** Runs the comparison, or the run to be kept, that the settings ask for; null when they ask for neither. */
export async function runComparison(
  host: Host,
  quiet: boolean,
  common: Common,
  settings: CompareSettings & { readonly thresholds: readonly Threshold[] },
): Promise<Examined | null> {
  const { compareWith, against, save, history } = settings;
  if ([compareWith, against, save, history].every((given) => given === null)) return null;
  const progress = progressView(host, quiet);
  const request = { ...common, ...settings, onProgress: (now: Progress) => progress.show(now) };
  try {
    if (compareWith !== null) return await examineComparison({ ...request, compareWith });
    return against === null ? await examineAlone(request) : await examineAgainst({ ...request, against });
  } finally {
    progress.end();
  }
}
