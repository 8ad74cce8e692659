import type { RaceAnswer, RaceOutcome } from '../../evidence/index.ts';
import { parsed, saidBy } from './answers.ts';

/** What a schedule's state lacks, and what it has too much of, beside the order that comes nearest to it. */
export interface StateDifference {
  readonly missing: readonly StatePiece[];
  readonly extra: readonly StatePiece[];
  /** So many of what is too much are there once already, as after the order. */
  readonly repeated: number;
}

export const NO_DIFFERENCE: StateDifference = { missing: [], extra: [], repeated: 0 };

/** A piece of the state that a call adds or takes. */
export interface StatePiece {
  readonly text: string;
  /** The file it stands in; null for what read-only calls tell. */
  readonly file: string | null;
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
      const extra = without(mine, theirs);
      const known = new Set(theirs.map(keyOf));
      const repeated = extra.filter((piece) => known.has(keyOf(piece))).length;
      return { missing: without(theirs, mine), extra, repeated };
    });
  });
  const [nearest] = differences.toSorted((a, b) => sizeOf(a) - sizeOf(b));
  return nearest ?? NO_DIFFERENCE;
}

function sizeOf({ missing, extra }: StateDifference): number {
  return missing.length + extra.length;
}

/** Of `some`, what is not in `others`; each as often as it is there more often. */
function without(some: readonly StatePiece[], others: readonly StatePiece[]): readonly StatePiece[] {
  const left = new Map<string, number>();
  for (const piece of others) left.set(keyOf(piece), (left.get(keyOf(piece)) ?? 0) + 1);
  return some.filter((piece) => {
    const count = left.get(keyOf(piece)) ?? 0;
    if (count > 0) left.set(keyOf(piece), count - 1);
    return count === 0;
  });
}

function keyOf({ file, text }: StatePiece): string {
  return `${file ?? ''}\n${text}`;
}

/** The state in pieces: elements of lists, entries, lines; files first. */
function piecesOf({ files, observed }: RaceOutcome, reading: Reading): readonly StatePiece[] {
  return [
    ...Object.entries(files).flatMap(([file, text]) => [
      { file, text: 'the file' },
      ...textPieces(text, reading).map((piece) => ({ file, text: piece })),
    ]),
    ...observed.flatMap((answer) => answerPieces(answer, reading)).map((text) => ({ file: null, text })),
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
  if (Array.isArray(value)) return value.map((element) => labelled(path, element));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, member]) =>
      valuePieces(member, path === '' ? key : `${path}.${key}`),
    );
  return [labelled(path, value)];
}

function labelled(path: string, value: unknown): string {
  return path === '' ? JSON.stringify(value) : `${path}: ${JSON.stringify(value)}`;
}

/** One part of an outcome by name: an answer, what an observer said, a file. */
export interface OutcomePart {
  readonly name: string;
  readonly text: string;
}

/** A text up to this length is told whole. */
const WHOLE_CHARACTERS = 60;

/**
 * The parts of an outcome in which it, the schedule's and the orders' differ; of longer ones the pieces that not all have.
 */
export function partsOf(
  outcome: RaceOutcome,
  all: readonly RaceOutcome[],
  names: { readonly lanes: readonly string[]; readonly observers: readonly string[] },
): readonly OutcomePart[] {
  const told = all.map((each) => new Map(allParts(each, names).map(({ name, text }) => [name, text])));
  const mine = new Map(allParts(outcome, names).map(({ name, text }) => [name, text]));
  const everyName = [...new Set(told.flatMap((each) => [...each.keys()]))];
  const differing = everyName.filter((name) => new Set(told.map((each) => each.get(name))).size > 1);
  return (differing.length > 0 ? differing : [...mine.keys()]).map((name) => ({
    name,
    text: differenceIn(
      mine.get(name),
      told.map((each) => each.get(name)),
    ),
  }));
}

function differenceIn(text: string | undefined, all: readonly (string | undefined)[]): string {
  if (text === undefined) return 'not there';
  if (all.every((each) => (each ?? '').length <= WHOLE_CHARACTERS)) return text;
  const [tersest] = READINGS.map((reading) => {
    const pieces = all.map((each) => textPieces(each ?? '', reading));
    const own = (of: readonly string[]): string =>
      of.filter((piece) => !pieces.every((each) => each.includes(piece))).join(', ');
    return { mine: own(textPieces(text, reading)), total: pieces.map(own).join('').length };
  })
    .filter(({ total }) => total > 0)
    .toSorted((a, b) => a.total - b.total);
  // What differs in no piece differs in their order.
  if (tersest === undefined) return text;
  return tersest.mine === '' ? 'nothing more' : tersest.mine;
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
