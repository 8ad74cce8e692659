import type { RaceAnswer, RaceOutcome } from '../../evidence/index.ts';
import { parsed, saidBy } from './answers.ts';

/** What a schedule's state lacks, and what it has too much of, beside the order that comes nearest to it. */
export interface StateDifference {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** As lists and entries, or as lines: a file of one JSON object per line is one of lines even when one is left. */
const READINGS = ['values', 'lines'] as const;
type Reading = (typeof READINGS)[number];

/** The difference between what was left behind and the nearest order; empty on both sides when they are alike. */
export function differenceOf(outcome: RaceOutcome, allowed: readonly RaceOutcome[]): StateDifference {
  const differences = READINGS.flatMap((reading) => {
    const mine = piecesOf(outcome, reading);
    return allowed.map((order): StateDifference => {
      const theirs = piecesOf(order, reading);
      return { missing: without(theirs, mine), extra: without(mine, theirs) };
    });
  });
  const [nearest] = differences.toSorted((a, b) => sizeOf(a) - sizeOf(b));
  return nearest ?? { missing: [], extra: [] };
}

function sizeOf({ missing, extra }: StateDifference): number {
  return missing.length + extra.length;
}

/** Of `some`, what is not in `others`; each as often as it is there more often. */
function without(some: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const piece of others) left.set(piece, (left.get(piece) ?? 0) + 1);
  return some.filter((piece) => {
    const count = left.get(piece) ?? 0;
    if (count > 0) left.set(piece, count - 1);
    return count === 0;
  });
}

/** The state in pieces that a call adds or takes: elements of lists, entries, lines. */
function piecesOf({ files, observed }: RaceOutcome, reading: Reading): readonly string[] {
  return [
    ...Object.entries(files).flatMap(([path, text]) => [
      `${path} exists`,
      ...textPieces(text, reading).map((piece) => `${path}: ${piece}`),
    ]),
    ...observed.flatMap((answer) => answerPieces(answer, reading)),
  ];
}

function answerPieces(answer: RaceAnswer, reading: Reading): readonly string[] {
  return answer.status === 'success' ? textPieces(saidBy(answer), reading) : [saidBy(answer)];
}

function textPieces(text: string, reading: Reading): readonly string[] {
  const value = reading === 'values' ? parsed(text) : undefined;
  if (typeof value === 'object' && value !== null) return valuePieces(value, '');
  return text.split('\n').filter((line) => line.trim() !== '');
}

function valuePieces(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.map((element) => `${path}[] ${JSON.stringify(element)}`);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, member]) =>
      valuePieces(member, path === '' ? key : `${path}.${key}`),
    );
  return [`${path} ${JSON.stringify(value)}`];
}

/** One part of an outcome by name: an answer, what an observer said, a file. */
export interface OutcomePart {
  readonly name: string;
  readonly text: string;
}

/** The parts of an outcome in which the schedule differs from the orders, or the orders from each other; in words. */
export function partsOf(
  outcome: RaceOutcome,
  all: readonly RaceOutcome[],
  names: { readonly lanes: readonly string[]; readonly observers: readonly string[] },
): readonly OutcomePart[] {
  const parts = allParts(outcome, names);
  const others = all.map((each) => new Map(allParts(each, names).map(({ name, text }) => [name, text])));
  const missing = [...new Set(others.flatMap((each) => [...each.keys()]))]
    .filter((name) => !parts.some((part) => part.name === name))
    .map((name) => ({ name, text: 'not there' }));
  const told = [...parts, ...missing].filter(({ name, text }) =>
    others.some((each) => (each.get(name) ?? 'not there') !== text),
  );
  return told.length > 0 ? told : parts;
}

function allParts(
  { answers, observed, files }: RaceOutcome,
  names: { readonly lanes: readonly string[]; readonly observers: readonly string[] },
): readonly OutcomePart[] {
  return [
    ...answers.map((answer, i) => ({ name: names.lanes[i] ?? `${i}`, text: saidBy(answer) })),
    ...observed.map((answer, i) => ({ name: names.observers[i] ?? `state ${i + 1}`, text: saidBy(answer) })),
    ...Object.entries(files).map(([name, text]) => ({ name, text })),
  ];
}
