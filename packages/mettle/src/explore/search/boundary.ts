import type { RaceAnswer, RaceCall } from '../../evidence/index.ts';
import type { AddressedCall } from '../address.ts';
import type { Expedition, RaceCase } from '../expedition.ts';
import { laneOf } from '../trial-runner.ts';
import { caseOf } from '../preparation.ts';
import type { PreparedSubject } from '../preparation.ts';
import type { ExploreOptions } from '../options.ts';

/*
 * A limit ("at most 10 users") is out of reach of two calls on an empty server. So a call is repeated, one after the
 * other, until its answer changes its kind; one step before that is where two of them are raced.
 */

/** So often: limits beyond it are not found, and a trial of so many calls is still short. */
const REPETITIONS = 64;

/** The number of the first call whose kind of answer is another than before and stays so; null when there is none. */
export function boundaryOf(calls: readonly RaceCall[], answers: readonly RaceAnswer[]): number | null {
  const kinds = answers.map((answer, index) => kindOf(answer, calls[index]));
  const first = kinds[0];
  const edge = kinds.findIndex((kind) => kind !== first);
  if (edge < 1 || edge >= kinds.length - 1) return null;
  // What goes back and forth, or differs every time, is no limit.
  return kinds.slice(edge).every((kind) => kind === kinds[edge]) ? edge : null;
}

/** The case one step before the limit of a subject; null when it shows none. */
export async function caseAtBoundary(
  expedition: Expedition,
  options: ExploreOptions,
  { subject }: PreparedSubject,
): Promise<RaceCase | null> {
  const numbered = (number: number): AddressedCall => ({ subject: subject.name, number, connection: 0 });
  const repeated = Array.from({ length: REPETITIONS }, (_, index) => numbered(index));
  const many = caseOf(options, repeated, []);
  const order = repeated.map((_, index) => laneOf(index));
  const trial = await expedition.run(many, { strategy: 'sequential', order });
  if (trial === null || trial.crash !== null || trial.record.status !== 'done') return null;
  const edge = boundaryOf(many.calls, trial.answers);
  if (edge === null) return null;
  const second = { ...numbered(edge), connection: options.processes > 1 ? 1 : 0 };
  return caseOf(options, [numbered(edge - 1), second], repeated.slice(0, edge - 1));
}

/** An answer without what tells calls of one kind apart: their own arguments, and numbers. */
function kindOf({ status, text }: RaceAnswer, call: RaceCall | undefined): string {
  let kind = text;
  for (const own of valuesIn(call?.arguments)) kind = kind.replaceAll(own, '§');
  return `${status} ${kind.replaceAll(/\d+/g, '#')}`;
}

function valuesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value)
    .flatMap(valuesIn)
    .toSorted((a, b) => b.length - a.length);
}
