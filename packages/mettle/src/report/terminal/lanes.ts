import type { InterleavingExhibit } from '../../evidence/index.ts';
import { displayWidth, pad, printable, shortenRight } from '../printable.ts';
import { placeInLane } from '../race-words.ts';
import type { Ink } from './ink.ts';
import { wrap } from './layout.ts';

/** A lane narrower than this shows no file's name. */
const LANE_COLUMNS = 22;
/** A schedule that a person follows on one screen. */
const ROWS = 24;

type Row = InterleavingExhibit['steps'][number];

/** The lanes side by side, one row per step; under each other in words where they do not fit. */
export function laneLines(exhibit: InterleavingExhibit, columns: number, ink: Ink): string[] {
  const { lanes, steps } = exhibit;
  const numberColumns = String(steps.length).length + 2;
  const laneColumns = Math.floor((columns - numberColumns) / Math.max(1, lanes.length)) - 3;
  if (laneColumns < LANE_COLUMNS)
    return shownRows(steps).map((row) =>
      row === null
        ? ink.dim('…')
        : shortenRight(
            printable(`${row.number}  ${lanes[row.step.lane] ?? row.step.lane}: ${row.step.text}`),
            columns,
          ),
    );
  const line = (number: string, cells: readonly string[]): string =>
    `${pad(number, numberColumns)}${cells.map((cell) => pad(cell, laneColumns)).join(' │ ')}`.trimEnd();
  const head = line(
    '',
    lanes.map((lane) => shortenRight(printable(lane), laneColumns)),
  );
  return [
    ink.dim(head),
    ...shownRows(steps).flatMap((row) => {
      if (row === null) return [ink.dim('…')];
      const { step, number } = row;
      const cells = lanes.map((_, lane) =>
        lane === step.lane ? cellOf(exhibit, step, laneColumns) : waits(steps, number, lane) ? '·' : '',
      );
      const note =
        step.note === undefined
          ? []
          : wrap(`^ ${step.note}`, columns - numberColumns).map(
              (text) => `${' '.repeat(numberColumns)}${ink.red(text)}`,
            );
      return [line(String(number), cells), ...note];
    }),
  ];
}

function cellOf(exhibit: InterleavingExhibit, step: Row, columns: number): string {
  const place = step.place === undefined ? '' : ` ${placeInLane(exhibit, step.place)}`;
  return shortenRight(printable(step.text), Math.max(4, columns - displayWidth(place))) + place;
}

/** Begun and not at its end: it stands while another goes. */
function waits(steps: readonly Row[], number: number, lane: number): boolean {
  const mine = steps.flatMap((step, i) => (step.lane === lane ? [i + 1] : []));
  return (mine[0] ?? Number.POSITIVE_INFINITY) < number && number < (mine.at(-1) ?? 0);
}

interface Shown {
  readonly step: Row;
  readonly number: number;
}

/** Of a long schedule: the ends, the switches from lane to lane, what a note stands at or speaks of; null for what is left out. */
function shownRows(steps: readonly Row[]): readonly (Shown | null)[] {
  const all = steps.map((step, i): Shown => ({ step, number: i + 1 }));
  if (all.length <= ROWS) return all;
  const spokenOf = new Set(
    steps.flatMap(({ note }) => [...(note?.matchAll(/step (\d+)/g) ?? [])].map(([, n]) => Number(n))),
  );
  const isKept = ({ step, number }: Shown): boolean =>
    number === 1 ||
    number === steps.length ||
    step.note !== undefined ||
    spokenOf.has(number) ||
    steps[number - 2]?.lane !== step.lane ||
    steps[number]?.lane !== step.lane;
  const kept = all.filter(isKept).slice(0, ROWS);
  return kept.flatMap((row, i) => {
    const before = kept[i - 1]?.number ?? 0;
    return row.number > before + 1 ? [null, row] : [row];
  });
}
