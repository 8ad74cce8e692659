import type { RaceClass, Trial } from '../../evidence/index.ts';
import type { RaceInvariant } from '../options.ts';
import { comparedOutcome } from './outcome.ts';
import type { ComparedOutcome } from './outcome.ts';
import type { References } from './references.ts';

/**
 * `explained`: some order of the calls gives the same. `inconclusive`: the trial ended in a way that proves nothing
 * (time-out, too many steps). A fault of class `results` is a warning.
 */
export type Judgement =
  | { readonly kind: 'explained' }
  | { readonly kind: 'inconclusive'; readonly why: string }
  | { readonly kind: 'fault'; readonly class: RaceClass; readonly invariant: string | null };

const EXPLAINED: Judgement = { kind: 'explained' };

/** Judges a trial by what the orders of the same calls give. Pure. */
export function judge(trial: Trial, references: References, invariants: readonly RaceInvariant[]): Judgement {
  const without = judgeWithoutReferences(trial, references.calls, invariants);
  if (without.kind !== 'explained') return without;
  const seen = comparedOutcome(trial, references.calls, references.masking);
  const known = references.outcomes;
  const errors = known.flatMap((outcome) => outcome.errors);
  if (seen.errors.some((error) => !errors.includes(error))) return fault('error');
  if (!known.some(({ state }) => state === seen.state)) {
    // The same things in an order that no sequence gives (a log, a list): seldom what anyone relies on.
    return fault(sameThings(seen, known) ? 'results' : 'state');
  }
  return known.some(({ whole }) => whole === seen.whole) ? EXPLAINED : fault('results');
}

/** What can be said of a trial whose orders were not run: sets of calls too large for that. */
export function judgeWithoutReferences(
  trial: Trial,
  calls: References['calls'],
  invariants: readonly RaceInvariant[],
): Judgement {
  if (trial.crash !== null) return fault('crash');
  switch (trial.record.status) {
    case 'deadlock':
      return fault('hang');
    case 'timed-out':
      return { kind: 'inconclusive', why: 'a call was not answered while something uncontrolled went on' };
    case 'livelock':
      return { kind: 'inconclusive', why: 'a schedule did not end within the steps it was allowed' };
    case 'done':
      break;
  }
  for (const { name, check } of invariants) {
    const broken = check(trial, calls);
    if (broken !== null) return fault('invariant', `${name}: ${broken}`);
  }
  return EXPLAINED;
}

function sameThings(seen: ComparedOutcome, known: readonly ComparedOutcome[]): boolean {
  return known.some(({ unorderedState }) => unorderedState === seen.unorderedState);
}

function fault(name: RaceClass, invariant: string | null = null): Judgement {
  return { kind: 'fault', class: name, invariant };
}
