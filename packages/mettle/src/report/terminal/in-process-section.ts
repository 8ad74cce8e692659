import type { Result } from '../../evidence/index.ts';
import { IN_PROCESS_COLUMNS, inProcessNotes, inProcessRow, inProcessTitle } from '../in-process-words.ts';
import { printable } from '../printable.ts';
import { figureTable } from './bench-section.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

const NOTES = 20;

/** A table for each era, and what the figures leave out. */
export function inProcessSections({ inProcess }: Result, width: number, ink: Ink): string[][] {
  if (inProcess === undefined) return [];
  const tables = inProcess.runs.map((run) => [
    ink.bold(inProcessTitle(run)),
    ...figureTable(
      ['', ...IN_PROCESS_COLUMNS],
      run.subjects.map((subject) => inProcessRow(subject).map(printable)),
      width,
      ink,
    ),
  ]);
  const notes = inProcessNotes(inProcess)
    .slice(0, NOTES)
    .flatMap((note) =>
      labelled('-', wrap(printable(note), width - 4), 2, (label) => label).map((line) => `  ${line}`),
    );
  return [...tables, notes];
}
