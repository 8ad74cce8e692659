import type { RaceAnswer, RaceCall, RaceOutcome, Trial } from '../../evidence/index.ts';
import { canonicalJson, unordered } from './canonical.ts';
import { masked } from './masks.ts';
import type { Masking } from './masks.ts';

/** One trial as it is compared with others: three texts, equal when what they stand for is. */
export interface ComparedOutcome {
  /** Files and what the observers saw. */
  readonly state: string;
  /** The same without regard to the order of lines and lists. */
  readonly unorderedState: string;
  /** State and answers; calls that are the same may have changed their answers with one another. */
  readonly whole: string;
  /** Errors, each with the call it answered; without their numbers, which may count what concurrency changes. */
  readonly errors: readonly string[];
}

/** What a trial came to, with what is not compared hidden. */
export function comparedOutcome(trial: Trial, calls: readonly RaceCall[], masking: Masking): ComparedOutcome {
  const files = Object.entries(trial.files)
    .map(([path, text]) => [masked(path, masking), masked(text, masking)] as const)
    .toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  const observed = trial.observed.map((answer) => shown(answer, masking));
  const state = canonicalJson([files, observed]);
  const answers = calls.map((call, lane) => {
    const answer = trial.answers[lane];
    return [callText(call), answer === undefined ? 'unanswered' : shown(answer, masking)] as const;
  });
  return {
    state,
    unorderedState: canonicalJson([
      files.map(([path, text]) => [path, unordered(text)]),
      observed.map((text) => unordered(text)),
    ]),
    whole: canonicalJson([state, answers.map((pair) => canonicalJson(pair)).toSorted()]),
    errors: answers
      .filter((_, lane) => isError(trial.answers[lane]))
      .map((pair) => canonicalJson(pair).replaceAll(/\d+/g, '#')),
  };
}

/** The texts of a trial that are compared, in an order that is the same for trials of the same calls. */
export function comparedTexts(trial: Trial): readonly string[] {
  const files = Object.entries(trial.files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...[...trial.answers, ...trial.observed].map(({ status, text }) => `${status} ${text}`),
    ...files.flatMap(([path, text]) => [path, text]),
  ];
}

export function isError(answer: RaceAnswer | undefined): boolean {
  return answer?.status === 'tool-error' || answer?.status === 'protocol-error';
}

/** A call without its connection: two that are equal are interchangeable. */
export function callText({ connection: _, ...call }: RaceCall): string {
  return canonicalJson(call);
}

/** The outcome as it is kept for people. */
export function outcomeOf(trial: Trial, order: string | null): RaceOutcome {
  return { order, answers: trial.answers, observed: trial.observed, files: trial.files };
}

function shown({ status, text }: RaceAnswer, masking: Masking): string {
  return `${status} ${masked(text, masking)}`;
}
