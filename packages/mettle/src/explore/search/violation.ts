import type { RaceViolation } from '../../evidence/index.ts';
import { outcomeOf } from '../oracle/outcome.ts';
import type { References } from '../oracle/references.ts';
import { tokenOfDeviations, tokenOfSpec, traceHash } from '../tokens/token.ts';
import type { Candidate, CaseSearch } from './case-search.ts';

/** A confirmed candidate as evidence. */
export function violationOf(
  { schedule, spec, trial, fault, foundInTrial }: Candidate,
  { case: { subjects, calls, setup, address }, badTrials, oddTrials, trials }: CaseSearch,
  references: Pick<References, 'allowed'> | null,
  reproduced: boolean,
): RaceViolation {
  const token =
    schedule === null
      ? tokenOfSpec(calls.length, spec)
      : tokenOfDeviations(calls.length, schedule.deviations, trial.record.steps);
  return {
    class: fault.class,
    subjects,
    calls,
    setup,
    token,
    replay: address === null ? token : `${address};${token}`,
    traceHash: traceHash(trial.record.steps),
    preemptions: schedule?.preemptions ?? 0,
    foundInTrial,
    badTrials: fault.class === 'results' ? oddTrials : badTrials,
    trials,
    steps: trial.record.steps,
    outcome: outcomeOf(trial, null),
    allowed: references?.allowed ?? [],
    reproduced,
    invariant: fault.invariant,
  };
}
