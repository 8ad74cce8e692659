import type { Result } from '../../evidence/index.ts';
import { COMPARISON_COLUMNS, comparisonRows, thresholdLines } from '../comparison-words.ts';
import { printable } from '../printable.ts';
import { figureTable } from './bench-section.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

const LEGEND =
  'ratio: after over before, by pairs; surely within: bounds that hold together in 999 of 1,000 comparisons. unsure: not enough evidence. slow calls: over twice what 95 of 100 take, without the host’s delays.';

/** The sections of a comparison: figures, limits, what it cannot tell. */
export function comparisonSections({ comparison, thresholds }: Result, width: number, ink: Ink): string[][] {
  const lines = (texts: readonly string[]): string[] =>
    texts.flatMap((text) =>
      labelled('-', wrap(printable(text), width - 4), 2, (label) => label).map((line) => `  ${line}`),
    );
  const limits = thresholdLines(thresholds);
  return [
    comparison === undefined || comparison.subjects.length === 0
      ? []
      : [
          ...wrap(`${comparison.candidate}, against ${comparison.baseline}`, width).map(ink.bold),
          ...figureTable(
            ['', ...COMPARISON_COLUMNS],
            comparisonRows(comparison).map((row) => row.map(printable)),
            width,
            ink,
          ),
        ],
    comparison === undefined || comparison.subjects.length === 0
      ? []
      : wrap(LEGEND, width - 2).map((line) => ink.dim(`  ${line}`)),
    limits.length === 0 ? [] : [ink.bold('Limits, judged on the bound'), ...lines(limits)],
    comparison === undefined ? [] : lines(comparison.caveats),
  ];
}
