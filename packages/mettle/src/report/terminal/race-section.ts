import { matrixOf } from '../../derive/race/index.ts';
import type { Bundle } from '../../evidence/index.ts';
import { pad, printable, shortenRight } from '../printable.ts';
import { CELLS, legendOf, racySentence, undecidedReasons } from '../race-words.ts';
import type { Ink } from './ink.ts';
import { wrap } from './layout.ts';

/** More columns of single letters nobody follows on a screen; `--matrix` shows them all the same. */
const MOST_SUBJECTS = 16;
const NAME_COLUMNS = 28;
const REASONS = 3;

/** What was tried, and the matrix tool × tool; empty when nothing was raced. */
export function raceSection(
  { evidence: { race }, manifest }: Bundle,
  { width, matrixOnly }: { readonly width: number; readonly matrixOnly: boolean },
  ink: Ink,
): string[] {
  // Of one schedule that was shown again the notes tell.
  if (race === undefined || race.pairs.length === 0 || race.trials === 1) return [];
  const { subjects, rows } = matrixOf(race);
  const shown =
    subjects.length >= 2 &&
    (matrixOnly || (manifest.examination === 'race' && subjects.length <= MOST_SUBJECTS));
  const say = (text: string): string[] => wrap(text, width - 2).map((line) => `  ${line}`);
  return [
    ink.bold('Races'),
    ...say(`${racySentence(race)} Tried: ${race.coverage}.`),
    ...undecidedReasons(race)
      .slice(0, REASONS)
      .flatMap((why) => say(`not decided, ${why}`))
      .map(ink.dim),
    ...(shown ? matrixLines(subjects, rows, ink) : []),
    ...(shown ? say(legendOf(race)).map(ink.dim) : []),
  ];
}

function matrixLines(
  subjects: readonly string[],
  rows: ReturnType<typeof matrixOf>['rows'],
  ink: Ink,
): string[] {
  const numberColumns = String(subjects.length).length + 1;
  const nameColumns = Math.min(NAME_COLUMNS, Math.max(...subjects.map((name) => name.length)));
  const label = (name: string, i: number): string =>
    `  ${pad(String(i + 1), numberColumns)}${pad(shortenRight(printable(name), nameColumns), nameColumns)}`;
  const head = `  ${' '.repeat(numberColumns + nameColumns)}${subjects.map((_, i) => pad(String(i + 1), numberColumns, 'right')).join('')}`;
  return [
    ink.dim(head),
    ...rows.map((cells, i) => {
      const marks = cells.map((cell) => {
        const text = pad(CELLS[cell].mark, numberColumns, 'right');
        if (cell === 'clear') return ink.green(text);
        return cell === 'results' || cell === 'undecided' || cell === 'untried'
          ? ink.yellow(text)
          : ink.red(text);
      });
      return `${label(subjects[i] as string, i)}${marks.join('')}`;
    }),
  ];
}
