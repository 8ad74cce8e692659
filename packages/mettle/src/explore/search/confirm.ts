import type { Trial } from '../../evidence/index.ts';
import type { Expedition, RaceCase } from '../expedition.ts';
import { judge, judgeWithoutReferences } from '../oracle/judge.ts';
import { comparedOutcome } from '../oracle/outcome.ts';
import { runReferences } from '../oracle/references.ts';
import type { References } from '../oracle/references.ts';
import type { Candidate } from './case-search.ts';

/**
 * Whether a fresh process shows the fault again by the same steps. What a fresh process leaves may differ from what a
 * warm one leaves for reasons of its own (a port, a counter); then it is judged by the orders as a fresh process runs
 * them.
 */
export async function confirmed(
  { trial, fault }: Candidate,
  raceCase: RaceCase,
  references: References,
  expedition: Expedition,
): Promise<boolean> {
  const { invariants, ignore, runner } = expedition.options;
  const decisions = trial.record.steps.map(({ id }) => id);
  if (fault.class === 'results') {
    // A warning is not worth a process.
    const again = await expedition.run(raceCase, { strategy: 'prefix', decisions });
    return again !== null && sameOutcome(again, trial, references);
  }
  for (let tries = 0; tries < 2; tries++) {
    const again = await expedition.runFresh(raceCase, { strategy: 'prefix', decisions });
    if (fault.class === 'crash' || fault.class === 'hang' || fault.class === 'invariant') {
      const seen = judgeWithoutReferences(again, raceCase.calls, invariants);
      if (seen.kind === 'fault' && seen.class === fault.class) return true;
      continue;
    }
    if (again.record.status !== 'done') continue;
    if (sameOutcome(again, trial, references)) return true;
    if (runner.reset === 'process') continue;
    const fresh = await runReferences(
      raceCase.calls,
      (order) => expedition.runFresh(raceCase, { strategy: 'sequential', order }),
      { ignore, invariants },
    );
    if (!fresh.judged) continue;
    const seen = judge(again, fresh.references, invariants);
    if (seen.kind === 'fault' && seen.class === fault.class) return true;
  }
  return false;
}

function sameOutcome(one: Trial, other: Trial, { calls, masking }: References): boolean {
  return comparedOutcome(one, calls, masking).whole === comparedOutcome(other, calls, masking).whole;
}
