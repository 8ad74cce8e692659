import type { RaceCall, RaceOutcome, Trial } from '../../evidence/index.ts';
import { laneOf } from '../trial-runner.ts';
import { masksThatReconcile } from './masks.ts';
import type { Masking } from './masks.ts';
import { callText, comparedOutcome, comparedTexts, outcomeOf } from './outcome.ts';
import type { ComparedOutcome } from './outcome.ts';
import type { RaceInvariant } from '../options.ts';

/*
 * The specification that a schedule is judged by: what the same calls do one after the other, in every order (Line-Up:
 * Burckhardt, Dern, Musuvathi & Tan, PLDI 2010). It needs no model of the server, but the server has to be
 * deterministic by itself: the first order is run twice, and what differs is masked, or nothing is said.
 */

/** What the orders of one set of calls give. */
export interface References {
  readonly calls: readonly RaceCall[];
  readonly masking: Masking;
  readonly allowed: readonly RaceOutcome[];
  readonly outcomes: readonly ComparedOutcome[];
  /** The trials of the orders, for what they touched. */
  readonly trials: readonly Trial[];
  readonly runs: number;
}

export type ReferenceResult =
  | { readonly judged: true; readonly references: References }
  | {
      readonly judged: false;
      readonly why: string;
      readonly runs: number;
      readonly trials: readonly Trial[];
    };

/** Runs one order of the calls; null when no more trials may be run. */
export type RunOrder = (order: readonly string[]) => Promise<Trial | null>;

const CUT_SHORT = 'the budget ended before every order of the calls had been run';

/** Runs every order of the calls, the first one twice. */
export async function runReferences(
  calls: readonly RaceCall[],
  runOrder: RunOrder,
  {
    ignore,
    invariants,
  }: { readonly ignore: readonly string[]; readonly invariants: readonly RaceInvariant[] },
): Promise<ReferenceResult> {
  const trials: Trial[] = [];
  const allowed: RaceOutcome[] = [];
  let masking: Masking = { ignore, learned: [] };
  let runs = 0;
  const refused = (why: string): ReferenceResult => ({ judged: false, why, runs, trials });
  for (const order of ordersOf(calls)) {
    const trial = await runOrder(order);
    if (trial === null) return refused(CUT_SHORT);
    runs += 1;
    const fault = faultOfOrder(trial, order, calls, invariants);
    if (fault !== null) return refused(fault);
    if (trials.length === 0) {
      const again = await runOrder(order);
      if (again === null) return refused(CUT_SHORT);
      runs += 1;
      const learned = reconciled(trial, again, calls, ignore);
      if (typeof learned === 'string') return refused(learned);
      masking = learned;
    }
    trials.push(trial);
    allowed.push(outcomeOf(trial, order.join('→')));
  }
  const outcomes = trials.map((trial) => comparedOutcome(trial, calls, masking));
  return { judged: true, references: { calls, masking, allowed, outcomes, trials, runs } };
}

/** Every order of the lanes; of orders that differ only in which of two equal calls comes first, one. */
export function ordersOf(calls: readonly RaceCall[]): readonly (readonly string[])[] {
  const seen = new Set<string>();
  return permutations(calls.map((_, index) => index))
    .filter((order) => {
      const key = order.map((index) => callText(calls[index] as RaceCall)).join('\n');
      return !seen.has(key) && seen.add(key);
    })
    .map((order) => order.map(laneOf));
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** Why an order cannot serve as a specification; null when it can. */
function faultOfOrder(
  trial: Trial,
  order: readonly string[],
  calls: readonly RaceCall[],
  invariants: readonly RaceInvariant[],
): string | null {
  const named = order.join(' then ');
  if (trial.crash !== null) return `the server ends even when the calls come one after the other (${named})`;
  if (trial.record.status !== 'done')
    return `a call is not answered even when they come one after the other (${named}: ${trial.record.status})`;
  for (const { name, check } of invariants) {
    const broken = check(trial, calls);
    if (broken !== null) return `the invariant ${name} does not hold even in sequence (${named}): ${broken}`;
  }
  return null;
}

/** The masking under which two runs of one order agree, or why nothing can be said. */
function reconciled(
  one: Trial,
  other: Trial,
  calls: readonly RaceCall[],
  ignore: readonly string[],
): Masking | string {
  const learned = masksThatReconcile((masks) => {
    const masking = { ignore, learned: masks };
    return comparedOutcome(one, calls, masking).whole === comparedOutcome(other, calls, masking).whole;
  });
  if (learned !== null) return { ignore, learned };
  const [a, b] = [comparedTexts(one), comparedTexts(other)];
  const at = a.findIndex((text, index) => text !== b[index]);
  const [x, y] = [a[at] ?? '', b[at] ?? ''];
  return `not deterministic by itself: one order run twice gave ${excerpt(x, y)} and ${excerpt(y, x)}`;
}

/** The text about where it first differs from the other. */
function excerpt(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  return JSON.stringify(text.slice(Math.max(0, at - 20), at + 30));
}
