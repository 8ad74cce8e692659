import type { RaceClass, Trial } from '../../evidence/index.ts';
import type { Expedition, RaceCase } from '../expedition.ts';
import { judge, judgeWithoutReferences } from '../oracle/judge.ts';
import { comparedOutcome } from '../oracle/outcome.ts';
import { runReferences } from '../oracle/references.ts';
import type { References } from '../oracle/references.ts';
import type { Candidate } from './case-search.ts';

/** What is under control shows itself the first time; what is not gets another chance. */
const TRIES = 2;

/** How a candidate was shown again. */
export type Confirmation = 'fresh process' | 'same process' | 'not shown again';

/**
 * Shows the fault again by the same steps. The first at a place in the code is shown by a fresh process; further ones
 * at the same lines only once more by this one, since they are the same defect met by other calls.
 */
export async function confirm(
  candidate: Candidate,
  raceCase: RaceCase,
  references: References | null,
  expedition: Expedition,
): Promise<Confirmation> {
  const { trial, fault } = candidate;
  const place = placeOf(fault.class, trial);
  const isKnown = place !== null && expedition.confirmedPlaces.has(place);
  const isControlled = trial.record.uncontrolled.length === 0;
  // A warning is not worth a process.
  if (references !== null && isControlled && (isKnown || fault.class === 'results')) {
    const again = await expedition.run(raceCase, candidate.spec);
    if (again !== null && sameOutcome(again, trial, references)) return 'same process';
    if (fault.class === 'results') return 'not shown again';
  }
  if (!(await shownByFreshProcess(candidate, raceCase, references, expedition))) return 'not shown again';
  if (place !== null) expedition.confirmedPlaces.add(place);
  return 'fresh process';
}

/** The lines whose writes take part; null when no line is known. */
function placeOf(name: RaceClass, { record }: Trial): string | null {
  const sites = record.steps.flatMap(({ writes, site }) =>
    writes && site !== null ? [`${site.file}:${site.line}:${site.column}`] : [],
  );
  return sites.length === 0 ? null : [name, ...new Set(sites)].toSorted().join('\n');
}

/**
 * What a fresh process leaves may differ from what a warm one leaves for reasons of its own (a port, a counter); then
 * it is judged by the orders as a fresh process runs them.
 */
async function shownByFreshProcess(
  { spec, trial, fault }: Candidate,
  raceCase: RaceCase,
  references: References | null,
  expedition: Expedition,
): Promise<boolean> {
  const { invariants, ignore, runner } = expedition.options;
  for (let tries = 0; tries < TRIES; tries++) {
    const again = await expedition.runFresh(raceCase, spec);
    if (fault.class === 'crash' || fault.class === 'hang' || fault.class === 'invariant') {
      const seen = judgeWithoutReferences(again, raceCase.calls, invariants);
      if (seen.kind === 'fault' && seen.class === fault.class) return true;
      continue;
    }
    if (again.record.status !== 'done' || references === null) continue;
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
