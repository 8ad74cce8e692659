import type { CallTree } from '../../derive/call-tree.ts';
import { functionTimes, type FunctionTime } from '../../derive/profile-bottom-up.ts';
import type { ProfileFrame } from '../../derive/profile-frames.ts';
import { formatMsFigure } from '../figures.ts';
import { displayWidth, pad, printable, shortenLeft, shortenRight } from '../printable.ts';

export interface BottomUpOptions {
  /** Only this subject's time; by default all of it. */
  readonly subject?: string;
  /** How many functions. Default 10: what fits beside the findings on one screen. */
  readonly limit?: number;
  /** Columns of the terminal. Default 80, at least 60. */
  readonly width?: number;
}

const GAP = '  ';
const FROM = 'from ';
const FUNCTION_COLUMNS_AT_LEAST = 12;
const PACKAGE_COLUMNS_AT_MOST = 16;

/**
 * The costliest functions by their own time: a head and one line each, no line wider than the terminal. Empty
 * when nothing was sampled.
 */
export function renderBottomUp(tree: CallTree, options: BottomUpOptions = {}): string[] {
  const within =
    options.subject === undefined
      ? 0
      : tree.subjects.find((subject) => subject.name === options.subject)?.node;
  if (within === undefined) return [];
  const all = tree.totalUs[within] ?? 0;
  const times = functionTimes(tree, within, options.limit ?? 10);
  if (all === 0 || times.length === 0) return [];
  const figures = [['self ms', 'self', 'total'], ...times.map((time) => figuresOf(time, all))];
  const words = [
    ['function', 'place', 'package'],
    ...times.map(({ frame, from }) => [printable(frame.name), placeOf(frame, from), printable(frame.owner)]),
  ];
  const figureWidths = [0, 1, 2].map((column) => Math.max(...figures.map((row) => row[column]?.length ?? 0)));
  const taken = figureWidths.reduce((sum, width) => sum + width + GAP.length, 0);
  const widths = divide(Math.max(60, options.width ?? 80) - taken - GAP.length * 2, words);
  return words.map(([name = '', place = '', owner = ''], i) =>
    [
      ...(figures[i] ?? []).map((figure, column) => pad(figure, figureWidths[column] ?? 0, 'right')),
      pad(shortenRight(name, widths.name), widths.name),
      pad(shortenPlace(place, widths.place), widths.place),
      shortenRight(owner, widths.owner),
    ]
      .join(GAP)
      .trimEnd(),
  );
}

function figuresOf(time: FunctionTime, allUs: number): string[] {
  const share = (us: number): string => `${((us / allUs) * 100).toFixed(1)}%`;
  return [formatMsFigure(time.selfUs / 1000), share(time.selfUs), share(time.totalUs)];
}

/** Where the function stands; of one without a file, or of Node's own, which of the server's functions led there. */
function placeOf(frame: ProfileFrame, from: ProfileFrame | null): string {
  const shown = from !== null && ['native', 'node', 'generated'].includes(frame.kind) ? from : frame;
  if (shown.file === '') return '';
  return printable(`${shown === frame ? '' : FROM}${shown.file}${shown.line > 0 ? `:${shown.line}` : ''}`);
}

/** Cut on the left, but the word that says whose place it is stays. */
function shortenPlace(place: string, columns: number): string {
  return place.startsWith(FROM)
    ? FROM + shortenLeft(place.slice(FROM.length), columns - FROM.length)
    : shortenLeft(place, columns);
}

/** The room for the three texts: the package as wide as it is, up to a bound; the place before the name. */
function divide(
  room: number,
  rows: readonly (readonly string[])[],
): { name: number; place: number; owner: number } {
  const longest = (column: number): number => Math.max(...rows.map((row) => displayWidth(row[column] ?? '')));
  const owner = Math.min(longest(2), PACKAGE_COLUMNS_AT_MOST);
  const rest = room - owner;
  const place = Math.min(
    longest(1),
    rest - Math.min(longest(0), Math.max(FUNCTION_COLUMNS_AT_LEAST, Math.floor(rest * 0.45))),
  );
  return { name: Math.min(longest(0), rest - place), place, owner };
}
