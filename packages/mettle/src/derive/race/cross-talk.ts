import type { RaceViolation } from '../../evidence/index.ts';
import { laneOfIndex, saidBy } from './answers.ts';

/** One call was answered with what belongs to another. */
export interface CrossTalk {
  /** Who got it, and whose it is. */
  readonly lane: string;
  readonly of: string;
  /** What of the other call stands in the answer: a value of its arguments, or its whole answer. */
  readonly what: string;
  /** The whole answer is the other's. */
  readonly exchanged: boolean;
}

/** Shorter values stand in many an answer by chance. */
const LEAST_CHARACTERS = 3;

/** Whether a call was answered with another's answer, or with a value that only the other was given, and is in no order. */
export function swappedOf({ calls, outcome, allowed }: RaceViolation): CrossTalk | null {
  const mine = (lane: number): readonly string[] => saidInOrders(allowed, lane);
  for (const [lane, answer] of outcome.answers.entries()) {
    if (answer.status === 'unanswered') continue;
    const said = saidBy(answer);
    if (said === '' || mine(lane).includes(said)) continue;
    for (const other of calls.keys()) {
      if (other === lane) continue;
      const names = { lane: laneOfIndex(lane), of: laneOfIndex(other) };
      if (mine(other).includes(said) && !areAlike(calls[lane], calls[other]))
        return { ...names, what: said, exchanged: true };
      const foreign = foreignValue(said, { own: calls[lane], other: calls[other], orders: mine(lane) });
      if (foreign !== null && answer.status === 'success')
        return { ...names, what: foreign, exchanged: false };
    }
  }
  return null;
}

type Call = RaceViolation['calls'][number] | undefined;

function saidInOrders(allowed: RaceViolation['allowed'], lane: number): readonly string[] {
  return allowed.flatMap(({ answers }) => (answers[lane] === undefined ? [] : [saidBy(answers[lane])]));
}

/** Calls of one tool with the same arguments have one answer: it belongs to both. */
function areAlike(a: Call, b: Call): boolean {
  return JSON.stringify(a?.arguments ?? a?.params) === JSON.stringify(b?.arguments ?? b?.params);
}

function foreignValue(
  said: string,
  { own, other, orders }: { readonly own: Call; readonly other: Call; readonly orders: readonly string[] },
): string | null {
  const ownText = JSON.stringify(own?.arguments ?? own?.params) ?? '';
  const values = valuesOf(other?.arguments ?? other?.params);
  return (
    values.find(
      (value) =>
        value.length >= LEAST_CHARACTERS &&
        said.includes(value) &&
        !ownText.includes(value) &&
        !orders.some((order) => order.includes(value)),
    ) ?? null
  );
}

function valuesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(valuesOf);
}
