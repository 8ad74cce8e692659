import type { BenchResult, SubjectFigures } from '../../evidence/index.ts';
import {
  benchFacts,
  benchWarnings,
  capacityLines,
  countedFrom,
  driftLines,
  failureMessages,
  FIGURE_COLUMNS,
  figureRow,
  mainBlock,
} from '../bench/words.ts';
import { formatFigure, formatMsFigure } from '../figures.ts';
import { clip, displayWidth, pad, printable, shortenRight } from '../printable.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

const ROWS = 30;
const CASES = 12;
const LABEL_COLUMNS = 13;

/** The sections of a benchmark: figures per subject and in all, what was measured beside, capacity, hostile calls. */
export function benchSections(bench: BenchResult, width: number, ink: Ink): string[][] {
  return [
    warnings(bench, width, ink),
    figures(bench, width, ink),
    facts(bench, width, ink),
    capacity(bench, width, ink),
    hostile(bench, width, ink),
  ];
}

function warnings(bench: BenchResult, width: number, ink: Ink): string[] {
  return benchWarnings(bench).flatMap((text) => wrap(text, width).map((line) => ink.yellow(line)));
}

function figures(bench: BenchResult, width: number, ink: Ink): string[] {
  const block = mainBlock(bench);
  if (block === null) return [];
  const subjects = block.subjects
    .filter(({ outcomes }) => outcomes.calls > 0)
    .toSorted((a, b) => (b.latencyMs?.p99.value ?? -1) - (a.latencyMs?.p99.value ?? -1));
  const shown = subjects.slice(0, ROWS);
  const all: readonly (readonly [string, SubjectFigures])[] = [
    ...shown.map((subject) => [printable(subject.subject.name), subject] as const),
    ...(subjects.length > 1 ? [['all', block.total] as const] : []),
  ];
  const rows = all.map(([name, subject]) => [name, ...figureRow(subject)]);
  const messages = subjects.flatMap(failureMessages).slice(0, CASES);
  return [
    ink.bold(`Latency in ms, from ${countedFrom(block.shape)}; successes only`),
    ...figureTable(['', ...FIGURE_COLUMNS], rows, width, ink),
    ...(subjects.length > shown.length ? [ink.dim(`  … ${subjects.length - shown.length} more`)] : []),
    ...messages.flatMap((text) =>
      labelled('-', wrap(clip(text, 400), width - 4), 2, (label) => label).map((line) => `  ${line}`),
    ),
  ];
}

function facts(bench: BenchResult, width: number, ink: Ink): string[] {
  const lines = benchFacts(bench).flatMap(([label, text]) =>
    labelled(label, wrap(text, width - LABEL_COLUMNS - 2), LABEL_COLUMNS, ink.dim).map((line) => `  ${line}`),
  );
  const drift = driftLines(bench).flatMap((text) => wrap(text, width - 2).map((line) => `  ${line}`));
  return lines.length === 0 ? [] : [ink.bold('Measured beside'), ...lines, ...drift];
}

function capacity(bench: BenchResult, width: number, ink: Ink): string[] {
  const lines = capacityLines(bench);
  if (lines.length === 0 || bench.capacity === null) return [];
  const rows = bench.capacity.steps
    .toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond)
    .map((step) => [
      formatFigure(step.offeredPerSecond),
      formatFigure(step.achievedPerSecond),
      step.p50Ms === null ? '–' : formatMsFigure(step.p50Ms),
      step.p99 === null ? '–' : formatMsFigure(step.p99.value),
      String(step.failures),
      step.mainUtilisation === null ? '–' : `${(step.mainUtilisation * 100).toFixed(0)} %`,
      step.verdict,
    ]);
  return [
    ink.bold('Capacity'),
    ...lines.flatMap((text) => wrap(text, width - 2).map((line) => `  ${line}`)),
    ...figureTable(['offered/s', 'answered/s', 'p50', 'p99', 'failed', 'busy', 'verdict'], rows, width, ink),
  ];
}

function hostile(bench: BenchResult, width: number, ink: Ink): string[] {
  if (bench.adversarial === null) return [];
  const { tools, cases, restarts } = bench.adversarial;
  const rows = tools.map((tool) => [
    printable(tool.name),
    `${tool.calls} of ${tool.planned}`,
    String(tool.answered),
    String(tool.refused),
    String(cases.filter((each) => each.tool === tool.name).length),
  ]);
  const lines = cases
    .slice(0, CASES)
    .flatMap((each) =>
      labelled(
        '-',
        wrap(`${each.tool}: ${each.what}: ${each.outcome}: ${clip(each.detail, 300)}`, width - 4),
        2,
        (label) => label,
      ).map((line) => `  ${line}`),
    );
  return [
    ink.bold('Hostile arguments'),
    ...figureTable(['', 'calls', 'answered', 'refused', 'faults'], rows, width, ink),
    ...lines,
    ...(cases.length > CASES ? [ink.dim(`  … ${cases.length - CASES} more in result.json`)] : []),
    ...(restarts > 0 ? [`  The server was started again ${restarts} times.`] : []),
  ];
}

/** Columns of figures, the first one of names as wide as there is room. */
export function figureTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  ink: Ink,
): string[] {
  if (rows.length === 0) return [];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => displayWidth(row[i] ?? ''))),
  );
  const others = widths.slice(1).reduce((sum, w) => sum + w + 2, 0);
  const first = Math.max(8, Math.min(widths[0] ?? 8, width - 2 - others));
  const line = (cells: readonly string[]): string =>
    `  ${pad(shortenRight(cells[0] ?? '', first), first)}${cells
      .slice(1)
      .map((cell, i) => `  ${pad(cell, widths[i + 1] ?? 0, 'right')}`)
      .join('')}`.trimEnd();
  return [ink.dim(line(head)), ...rows.map(line)];
}
