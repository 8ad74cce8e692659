import type { RaceAnswer, RaceCall, Trial } from '../../evidence/index.ts';
import { comparedOutcome, isError } from './outcome.ts';
import type { References } from './references.ts';

/** What a server says that declines a call because another one is under way, and means it. */
const REFUSAL =
  /\b(?:busy|in progress|already running|try again|retry later|too many|rate.?limit|overload|locked|conflict|concurrent|unavailable|429|503)\b/i;

export function isRefusal(answer: RaceAnswer): boolean {
  return isError(answer) && REFUSAL.test(answer.text);
}

/** Lanes whose call was declined, from 0; null when none was, or when some error is no refusal. */
export function refusedLanes(trial: Trial): readonly number[] | null {
  const errors = trial.answers.flatMap((answer, lane) => (isError(answer) ? [lane] : []));
  return errors.length > 0 && errors.every((lane) => isRefusal(trial.answers[lane] as RaceAnswer))
    ? errors
    : null;
}

/**
 * Whether a trial in which calls were declined left what the other calls alone leave: then declining was all that
 * happened, which is an answer a server may give.
 */
export function explainsTheRest(trial: Trial, calls: readonly RaceCall[], rest: References): boolean {
  const { state } = comparedOutcome(trial, calls, rest.masking);
  return rest.outcomes.some((outcome) => outcome.state === state);
}
