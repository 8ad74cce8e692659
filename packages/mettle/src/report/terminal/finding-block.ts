import type { Exhibit, Finding, Severity } from '../../evidence/index.ts';
import { formatCost } from '../figures.ts';
import { clip, displayWidth, pad, printable, shortenLeft, shortenRight } from '../printable.ts';
import type { RootCause } from '../root-causes.ts';
import { sourceExcerpt, type ReadSource } from '../source-excerpt.ts';
import { fileUrl, formatLocation } from '../source-paths.ts';
import { foldStack, type StackLine } from '../stack-folding.ts';
import type { Ink } from './ink.ts';
import { laneLines } from './lanes.ts';
import { labelled, wrap, wrapCommand } from './layout.ts';

/** What the renderer of one finding needs to know of its surroundings. */
export interface Page {
  readonly ink: Ink;
  readonly width: number;
  readonly folder: string | undefined;
  readonly readSource: ReadSource | undefined;
}

const INDENT = '   ';
const LABEL_COLUMNS = 8;
/** Enough to see who called whom; the whole stack is in the HTML report and in result.json. */
const STACK_LINES = 4;
const EXHIBIT_LINES = 8;
/** A title is one sentence; what is longer came from the target. */
const TITLE_CHARACTERS = 400;

/** The main finding of a root cause in full, the others in a line each. */
export function findingBlock(cause: RootCause, number: number, page: Page): string[] {
  const { ink } = page;
  const { main } = cause;
  const columns = page.width - INDENT.length - LABEL_COLUMNS;
  const field = (label: string, lines: readonly string[]): string[] =>
    labelled(label, lines, LABEL_COLUMNS, ink.dim).map((line) => INDENT + line);
  return [
    ...title(main, number, page),
    ...field('what', wrap(`${main.id} in ${main.tool ?? 'the whole server'}, ${main.confidence}`, columns)),
    ...field('where', where(main, columns, page)),
    ...main.evidence.flatMap((exhibit) => {
      const lines = exhibitLines(exhibit, main, columns, page);
      return field(exhibit.kind === 'stack' ? 'stack' : 'seen', lines);
    }),
    ...field('cost', wrap(formatCost(main.cost), columns)),
    ...field('fix', wrap(main.fix, columns)),
    ...field('verify', wrapCommand(main.verify.command, columns).map(ink.cyan)),
    ...field('', wrap(`then: ${main.verify.expect}`, columns)),
    ...cause.also.flatMap((finding) =>
      field(
        'also',
        wrap(`${finding.id} (${finding.severity}): ${clip(finding.title, TITLE_CHARACTERS)}`, columns),
      ),
    ),
  ];
}

/** The main finding of a root cause in its title alone. */
export function findingLine({ main }: RootCause, number: number, page: Page): string[] {
  return title(main, number, page);
}

function title(finding: Finding, number: number, page: Page): string[] {
  const word = finding.severity.toUpperCase();
  const lead = `${pad(`${number}.`, INDENT.length)}${word}  `;
  const lines = wrap(clip(finding.title, TITLE_CHARACTERS), page.width - lead.length);
  return lines.map((line, i) =>
    i === 0
      ? `${pad(`${number}.`, INDENT.length)}${severityPaint(finding.severity, page.ink)(word)}  ${page.ink.bold(line)}`
      : `${' '.repeat(lead.length)}${page.ink.bold(line)}`,
  );
}

/** How a severity is shown. */
export function severityPaint(severity: Severity, ink: Ink): (text: string) => string {
  switch (severity) {
    case 'critical':
      return (text) => ink.bold(ink.red(text));
    case 'high':
      return ink.red;
    case 'medium':
      return ink.yellow;
    case 'low':
      return ink.dim;
  }
}

function where(finding: Finding, columns: number, page: Page): string[] {
  const { location } = finding;
  if (location === undefined) return [];
  const { ink } = page;
  const inFunction =
    location.function === undefined || location.function === '' ? '' : ` in ${printable(location.function)}`;
  const place = shortenLeft(formatLocation(location, page.folder), columns);
  const rest = shortenRight(inFunction, Math.max(0, columns - displayWidth(place)));
  const excerpt = sourceExcerpt(location, page.readSource, 0).map((line) =>
    ink.dim(shortenRight(`${line.number} | ${line.text.trimStart()}`, columns)),
  );
  return [`${ink.bold(ink.link(place, fileUrl(location)))}${rest.length > 4 ? rest : ''}`, ...excerpt];
}

function exhibitLines(exhibit: Exhibit, finding: Finding, columns: number, page: Page): string[] {
  switch (exhibit.kind) {
    case 'stack':
      return stackLines(foldStack(exhibit.frames, finding.location), columns, page);
    case 'retaining-path':
      return some(
        exhibit.steps.map((step, i) => shortenRight(printable(`${i === 0 ? '' : '-> '}${step}`), columns)),
      );
    case 'interleaving':
      return laneLines(exhibit, columns, page.ink);
    case 'transcript':
      return some(exhibit.lines.map((line) => shortenRight(printable(line), columns)));
    // Figures in bulk are for the HTML report: the title already carries the one that counts.
    case 'table':
    case 'series':
      return [];
  }
}

function some(lines: readonly string[]): string[] {
  if (lines.length <= EXHIBIT_LINES) return [...lines];
  return [...lines.slice(0, EXHIBIT_LINES - 1), `… ${lines.length - EXHIBIT_LINES + 1} more`];
}

function stackLines(stack: readonly StackLine[], columns: number, page: Page): string[] {
  const shown = stack.slice(0, STACK_LINES);
  const names = shown.map(
    (line) => printable((line.kind === 'frame' ? line.frame : line.entry).function) || '(anonymous)',
  );
  const nameColumns = Math.min(Math.floor(columns / 3), Math.max(...names.map(displayWidth)));
  const lines = shown.map((line, i) => {
    const name = pad(shortenRight(names[i] ?? '', nameColumns), nameColumns);
    const room = columns - nameColumns - 2;
    if (line.kind === 'fold') {
      const inner = line.frames.length > 1 ? `, ${line.frames.length - 1} more inside` : '';
      return page.ink.dim(`${name}  ${shortenRight(printable(`${line.origin}${inner}`), room)}`);
    }
    return `${name}  ${page.ink.link(shortenLeft(formatLocation(line.frame, page.folder), room), fileUrl(line.frame))}`;
  });
  const hidden = stack
    .slice(STACK_LINES)
    .reduce((sum, line) => sum + (line.kind === 'frame' ? 1 : line.frames.length), 0);
  return hidden === 0 ? lines : [...lines, page.ink.dim(`… ${hidden} more`)];
}
