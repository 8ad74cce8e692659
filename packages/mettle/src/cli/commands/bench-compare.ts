import { examineAgainst, examineAlone, examineComparison } from '../../run/index.ts';
import type { ComparisonRequest, Examined, Progress } from '../../run/index.ts';
import type { Threshold } from '../../evidence/index.ts';
import { loadOptionsIn } from '../bench-options.ts';
import type { CompareSettings } from '../compare-options.ts';
import type { CommandOptions } from '../options.ts';
import type { Host } from '../host.ts';
import { progressView } from '../progress.ts';

type Common = Omit<ComparisonRequest, 'compareWith' | 'tolerance' | 'thresholds' | 'onProgress'>;

/** Runs the comparison, or the run to be kept, that the settings ask for; null when they ask for neither. */
export async function runComparison(
  host: Host,
  { quiet, extra }: Pick<CommandOptions, 'quiet' | 'extra'>,
  common: Common,
  settings: CompareSettings & { readonly thresholds: readonly Threshold[] },
): Promise<Examined | null> {
  const { compareWith, against, save, history } = settings;
  if ([compareWith, against, save, history].every((given) => given === null)) return null;
  const progress = progressView(host, quiet);
  const request = { ...common, ...settings, onProgress: (now: Progress) => progress.show(now) };
  try {
    const examined = await (compareWith !== null
      ? examineComparison({ ...request, compareWith })
      : against === null
        ? examineAlone(request)
        : examineAgainst({ ...request, against }));
    return noting(examined, passedOver(loadOptionsIn(extra), common.budgetMs));
  } finally {
    progress.end();
  }
}

/** That a comparison drives its own load: whoever asked for another one is not to take its figures for those of that. */
export function passedOver(options: readonly string[], budgetMs: number): readonly string[] {
  if (options.length === 0) return [];
  return [
    `${options.join(', ')} ${options.length === 1 ? 'has' : 'have'} no effect here: comparisons, and runs to compare with, drive a load of their own at pairs of fresh processes, for at most ${budgetMs / 1000} s (--budget).`,
  ];
}

function noting({ bundle, targetFault }: Examined, notes: readonly string[]): Examined {
  const { manifest } = bundle;
  return {
    bundle: { ...bundle, manifest: { ...manifest, notes: [...manifest.notes, ...notes] } },
    targetFault,
  };
}
