import type { HeapComparisonEvidence } from '../../evidence/index.ts';
import { CLASS_COLUMNS, classKindNote, classRows, holderRows } from '../heap-comparison-words.ts';
import { printable } from '../printable.ts';
import { figureTable } from './bench-section.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

/** The sections of two snapshots compared: what holds more, and of which classes there is more. */
export function heapComparisonSections(
  comparison: HeapComparisonEvidence | undefined,
  width: number,
  ink: Ink,
  folder: string | undefined,
): string[][] {
  if (comparison === undefined) return [];
  const holders = holderRows(comparison, folder).flatMap(({ title, lines }, i) => {
    const head = wrap(printable(title), width - 5);
    const rest = lines.flatMap((line) => wrap(printable(line), width - 5)).map(ink.dim);
    return labelled(`${i + 1}`, [...head, ...rest], 3, (label) => label).map((line) => `  ${line}`);
  });
  const classes = classRows(comparison).map((row) => row.map(printable));
  return [
    holders.length === 0 ? [] : [ink.bold('What holds more than before'), ...holders],
    classes.length === 0
      ? []
      : [
          ink.bold('Growth by class'),
          ...figureTable(CLASS_COLUMNS, classes, width, ink),
          ...wrap(classKindNote(comparison.classes), width - 2).map((line) => ink.dim(`  ${line}`)),
        ],
  ];
}
