import type { ToolResult } from '../../evidence/index.ts';
import { formatBytes, formatCount, formatMsFigure } from '../figures.ts';
import { displayWidth, pad, printable, shortenRight } from '../printable.ts';
import { isTimed } from '../coverage.ts';
import type { Ink } from './ink.ts';

const INDENT = '  ';
/** More rows than a screen holds are a document: the HTML report has them all. */
const ROWS = 30;
const NAME_COLUMNS_AT_LEAST = 12;

interface Column {
  readonly head: string;
  figure(tool: ToolResult): string;
}

const NONE = '-';

const COLUMNS: readonly Column[] = [
  { head: 'calls', figure: (tool) => formatCount(tool.calls) },
  { head: 'err', figure: (tool) => formatCount(tool.errors) },
  { head: 'p50', figure: (tool) => ms(tool.latencyMs?.p50) },
  { head: 'p95', figure: (tool) => ms(tool.latencyMs?.p95) },
  { head: 'p99', figure: (tool) => ms(tool.latencyMs?.p99) },
  { head: 'max', figure: (tool) => ms(tool.latencyMs?.max) },
  { head: 'cpu', figure: (tool) => ms(tool.cpuMsPerCall) },
  { head: 'block', figure: (tool) => ms(tool.maxBlockMs) },
  {
    head: 'overlap',
    figure: (tool) => (tool.overlap === null ? NONE : String(Math.round(tool.overlap * 10) / 10)),
  },
];
/** What each call leaves behind for good; only where that was looked at. */
const KEPT: Column = {
  head: 'kept',
  figure: (tool) => (tool.retainedBytesPerCall === null ? NONE : formatBytes(tool.retainedBytesPerCall)),
};

/** A run that only looks for leaks, or compares two versions, times no tool by itself: then there are no columns for it. */
function columnsFor(tools: readonly ToolResult[]): readonly Column[] {
  const isWeighed = tools.some((tool) => tool.retainedBytesPerCall !== null);
  if (!isWeighed && tools.some(isTimed)) return COLUMNS;
  const seen = COLUMNS.filter((column) => tools.some((tool) => column.figure(tool) !== NONE));
  return isWeighed ? [...seen, KEPT] : seen;
}

function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : formatMsFigure(value);
}

/** What was called, slowest first: calls, errors, latencies, CPU, longest block, overlap. */
export function toolTable(tools: readonly ToolResult[], width: number, ink: Ink): string[] {
  const called = tools
    .filter((tool) => tool.exercised)
    .toSorted((a, b) => (b.latencyMs?.p99 ?? -1) - (a.latencyMs?.p99 ?? -1));
  if (called.length === 0) return [];
  const shown = called.slice(0, ROWS);
  const columns = columnsFor(shown);
  const rows = shown.map((tool) => columns.map((column) => column.figure(tool)));
  const widths = columns.map((column, i) =>
    Math.max(column.head.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const names = shown.map((tool) => printable(tool.name));
  const { gap, nameColumns } = divide(width - INDENT.length, widths, Math.max(4, ...names.map(displayWidth)));
  const line = (name: string, figures: readonly string[]): string =>
    `${INDENT}${pad(shortenRight(name, nameColumns), nameColumns)}${figures.map((f, i) => gap + pad(f, widths[i] ?? 0, 'right')).join('')}`;
  const more = called.length - shown.length;
  return [
    ink.dim(
      line(
        '',
        columns.map((column) => column.head),
      ),
    ),
    ...rows.map((row, i) => line(names[i] ?? '', row)),
    ...(more > 0 ? [ink.dim(`${INDENT}… ${more} more, all faster`)] : []),
  ];
}

/** Two blanks between columns where the names still get the room they need, else one. */
function divide(
  width: number,
  widths: readonly number[],
  longestName: number,
): { gap: string; nameColumns: number } {
  const figures = widths.reduce((sum, w) => sum + w, 0);
  const room = (gap: number): number => width - figures - gap * widths.length;
  const gap = room(2) >= Math.min(longestName, NAME_COLUMNS_AT_LEAST * 2) ? 2 : 1;
  return {
    gap: ' '.repeat(gap),
    nameColumns: Math.min(longestName, Math.max(NAME_COLUMNS_AT_LEAST, room(gap))),
  };
}
