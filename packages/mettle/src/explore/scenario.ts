import { coverageOf } from './coverage.ts';
import { Expedition } from './expedition.ts';
import type { ScenarioOptions, ScenarioResult } from './options.ts';
import { CaseSearch } from './search/case-search.ts';

/** Races one set of calls: every order, then every schedule up to the bound, as far as the trials go. */
export async function exploreScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const expedition = new Expedition(options, {
    maxTrials: options.maxTrials,
    until: Number.POSITIVE_INFINITY,
    now: () => 0,
  });
  const search = new CaseSearch(expedition, {
    subjects: options.names,
    setup: options.setup,
    calls: options.calls,
    address: null,
  });
  expedition.doing('pairs', options.names.join(' × '));
  await search.prepare();
  for (let bound = 0; bound <= options.preemptionBound && !search.hasFault; bound++) {
    await search.advance(bound);
  }
  const violations = await search.violations();
  const pair = search.row(1 + Math.max(0, ...options.calls.map(({ connection }) => connection)));
  return {
    pair,
    violations,
    coverage: coverageOf([search], []),
    uncontrolled: [...expedition.uncontrolled].toSorted(),
  };
}
