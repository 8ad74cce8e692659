import type { RaceAnswer, RaceOutcome } from '../../evidence/index.ts';

/** What an answer says to a person: the text of a tool's content, else its JSON. */
export function saidBy(answer: RaceAnswer): string {
  if (answer.status === 'unanswered') return 'no answer';
  const texts = contentTexts(parsed(answer.text));
  const said = texts === null ? answer.text : texts.join('\n');
  return answer.status === 'success' ? said : `error: ${said}`;
}

function contentTexts(value: unknown): readonly string[] | null {
  const content = memberOf(value, 'content') ?? memberOf(memberOf(value, 'result'), 'content');
  if (!Array.isArray(content) || content.length === 0) return null;
  const texts = content.map((part) => memberOf(part, 'text'));
  return texts.every((text) => typeof text === 'string') ? texts : null;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** The value of JSON text; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What kind of answer it is, whatever numbers it names: `Place 9` and `Place 10` are one kind, `Full` is another. */
function kindOf(answer: RaceAnswer): string {
  return `${answer.status}: ${saidBy(answer).replaceAll(/\d+/g, '#')}`;
}

/** Lanes as an order writes them: `A→B`. */
function lanesOf(order: string): readonly string[] {
  return order.split('→').map((lane) => lane.trim());
}

/** Index of a lane among the calls: `A` is 0. */
export function laneIndex(lane: string): number {
  let index = 0;
  for (const letter of lane) index = index * 26 + (letter.codePointAt(0) ?? 65) - 64;
  return index - 1;
}

/**
 * How many calls were answered otherwise than when they come first: refused, as a rule. In the schedule, and the least
 * of any order; null where the orders do not tell how each call is answered first.
 */
export function refusals(
  outcome: RaceOutcome,
  allowed: readonly RaceOutcome[],
): { readonly observed: number; readonly least: number; readonly refusedIsError: boolean } | null {
  const first = new Map<number, string>();
  for (const { order, answers } of allowed) {
    const lane = order === null ? undefined : lanesOf(order)[0];
    if (lane === undefined) continue;
    const answer = answers[laneIndex(lane)];
    if (answer !== undefined) first.set(laneIndex(lane), kindOf(answer));
  }
  // Of equal calls one order stands for all.
  const [only] = first.values();
  if (first.size === 1 && only !== undefined)
    for (const lane of outcome.answers.keys()) first.set(lane, only);
  if (first.size < outcome.answers.length) return null;
  const refused = (answers: readonly RaceAnswer[]): readonly RaceAnswer[] =>
    answers.filter((answer, lane) => kindOf(answer) !== first.get(lane));
  const perOrder = allowed.map(({ answers }) => refused(answers));
  return {
    observed: refused(outcome.answers).length,
    least: Math.min(...perOrder.map((each) => each.length)),
    refusedIsError: perOrder.flat().every(({ status }) => status !== 'success'),
  };
}

/** Lane of the n-th call, from 0: the inverse of `laneIndex`. */
export function laneOfIndex(index: number): string {
  const letter = String.fromCodePoint(65 + (index % 26));
  return index < 26 ? letter : `${laneOfIndex(Math.floor(index / 26) - 1)}${letter}`;
}
