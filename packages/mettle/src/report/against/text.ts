import type { Finding, Result } from '../../evidence/index.ts';
import { formatCost } from '../figures.ts';
import { clip, printable } from '../printable.ts';
import { formatLocation } from '../source-paths.ts';
import { figureTable } from '../terminal/bench-section.ts';
import { inkFor, type Ink } from '../terminal/ink.ts';
import { wrap } from '../terminal/layout.ts';
import type { Changes } from './changes.ts';
import type { AgainstDocument, ComparedRun } from './document.ts';
import {
  changedFigures,
  changesCaveats,
  changesHeadline,
  costThenAndNow,
  FIGURE_COLUMNS,
  VERDICT_COLUMNS,
  verdictRows,
} from './words.ts';

export interface AgainstOptions {
  readonly color: boolean;
  readonly width: number;
  readonly cwd?: string | undefined;
}

const NARROWEST = 60;
const WIDEST = 120;
const FIGURE_ROWS = 60;

/** The comparison for a person at a terminal. */
export function renderAgainstTerminal(
  changes: Changes,
  { color, width: asked, cwd }: AgainstOptions,
): string {
  const ink = inkFor({ color, hyperlinks: false });
  const width = Math.min(WIDEST, Math.max(NARROWEST, asked));
  const { mended, added, stayed, unknown } = changes;
  const figures = changedFigures(changes);
  const sections = [
    wrap(changesHeadline(changes), width).map(ink.bold),
    list(
      ink.green('Mended'),
      mended.map((finding) => [finding, formatCost(finding.cost)] as const),
    ),
    list(
      ink.bold(ink.red('New')),
      added.map((finding) => [finding, formatCost(finding.cost)] as const),
    ),
    list(
      ink.bold('Stayed'),
      stayed.map((pair) => [pair.after, costThenAndNow(pair)] as const),
    ),
    list(
      ink.yellow('Not looked for again'),
      unknown.map(({ finding, why }) => [finding, why] as const),
    ),
    tableOf('Verdicts', VERDICT_COLUMNS, verdictRows(changes), width, ink),
    tableOf('Figures', FIGURE_COLUMNS, figures.slice(0, FIGURE_ROWS), width, ink),
    changesCaveats(changes).flatMap((caveat) => wrap(printable(caveat), width).map(ink.dim)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;

  function list(title: string, findings: readonly (readonly [Finding, string])[]): string[] {
    if (findings.length === 0) return [];
    const lines = findings.flatMap(([finding, remark]) => [
      ...wrap(
        `${finding.severity} ${finding.id} in ${nameOf(finding)}${placeOf(finding, cwd)}`,
        width - 2,
      ).map((line, i) => (i === 0 ? `  ${line}` : `    ${line}`)),
      ...wrap(clip(printable(remark), 300), width - 4).map((line) => ink.dim(`    ${line}`)),
    ]);
    return [title, ...lines];
  }
}

function tableOf(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  ink: Ink,
): string[] {
  const [, ...columns] = head;
  return rows.length === 0 ? [] : [ink.bold(title), ...figureTable(['', ...columns], rows, width, ink)];
}

/** The same for a pull request. */
export function renderAgainstMarkdown(changes: Changes, { cwd }: Pick<AgainstOptions, 'cwd'>): string {
  const { mended, added, stayed, unknown, before, after } = changes;
  const part = (title: string, findings: readonly (readonly [Finding, string])[]): string =>
    findings.length === 0
      ? ''
      : `### ${title}\n\n${findings.map(([finding, remark]) => `- **${finding.severity}** \`${finding.id}\` in ${text(nameOf(finding))}${text(placeOf(finding, cwd))}: ${text(clip(remark, 300))}`).join('\n')}`;
  const sections = [
    `## ${text(after.target.server?.name ?? before.target.server?.name ?? 'MCP server')}: before and after`,
    `**${text(changesHeadline(changes))}**`,
    part(
      'New',
      added.map((finding) => [finding, finding.title] as const),
    ),
    part(
      'Mended',
      mended.map((finding) => [finding, formatCost(finding.cost)] as const),
    ),
    part(
      'Stayed',
      stayed.map((pair) => [pair.after, costThenAndNow(pair)] as const),
    ),
    part(
      'Not looked for again',
      unknown.map(({ finding, why }) => [finding, why] as const),
    ),
    table(VERDICT_COLUMNS, verdictRows(changes)),
    table(FIGURE_COLUMNS, changedFigures(changes).slice(0, FIGURE_ROWS)),
    changesCaveats(changes)
      .map((line) => `<sub>${text(line)}</sub>`)
      .join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => text(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  if (rows.length === 0) return '';
  return [line(head), `|${head.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text of a target's in Markdown: no markup of its own, one line. */
function text(raw: string): string {
  return printable(raw).replace(/[\\`*_<>[\]]/g, (character) => `\\${character}`);
}

function nameOf({ tool }: Finding): string {
  return tool === undefined ? 'the whole server' : printable(tool);
}

function placeOf({ location }: Finding, cwd: string | undefined): string {
  return location === undefined ? '' : ` at ${formatLocation(location, cwd)}`;
}

/** The same for programs. */
export function renderAgainstJson(changes: Changes): string {
  const { before, after, mended, added, stayed, unknown, verdicts, tools } = changes;
  const document: AgainstDocument = {
    schema: 'mettle/against@1',
    before: runOf(before),
    after: runOf(after),
    mended,
    new: added,
    stayed,
    unknown,
    verdicts,
    tools,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function runOf({ startedAt, command, target }: Result): ComparedRun {
  return { startedAt, command, server: target.server, node: target.node };
}
