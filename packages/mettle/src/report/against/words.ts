import type { Finding, Result, ToolResult } from '../../evidence/index.ts';
import { CHECK_NAMES } from '../coverage.ts';
import { formatBytes, formatCost, formatFigure, formatMsFigure, plural } from '../figures.ts';
import type { Changes } from './changes.ts';

/** "2 findings mended, 1 new, 3 stayed." */
export function changesHeadline({ mended, added, stayed, unknown }: Changes): string {
  const parts = [
    mended.length > 0 ? `${plural(mended.length, 'finding')} mended` : '',
    added.length > 0 ? `${added.length} new` : '',
    stayed.length > 0 ? `${stayed.length} stayed` : '',
    unknown.length > 0 ? `${unknown.length} not looked for again` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return 'No findings in either run.';
  const text = parts.join(', ');
  const onlyMended = mended.length > 0 && added.length + stayed.length + unknown.length === 0;
  return `${onlyMended ? `${text}: none is left` : text}.`;
}

/** What a reader must know before comparing figures of two runs; empty when nothing. */
export function changesCaveats({ before, after }: Changes): readonly string[] {
  const said = (result: Result): string =>
    result.target.server === null ? '' : `${result.target.server.name} ${result.target.server.version}`;
  const node = [before.target.node, after.target.node];
  return [
    'Figures of two runs at two times: a busier machine alone moves them. mettle bench --compare measures both versions in turns.',
    ...(before.target.server?.name === after.target.server?.name
      ? []
      : [`These are two servers: ${said(before)} before, ${said(after)} after.`]),
    ...(node[0] === node[1] ? [] : [`Node ${node[0] ?? 'unknown'} before, ${node[1] ?? 'unknown'} after.`]),
  ];
}

export const VERDICT_COLUMNS = ['Failure mode', 'before', 'after'] as const;

/** Failure modes that either run judged. */
export function verdictRows({ verdicts }: Changes): readonly (readonly [string, string, string])[] {
  return verdicts
    .filter(({ before, after }) => before !== 'skipped' || after !== 'skipped')
    .map(({ check, before, after }) => [CHECK_NAMES[check], before, after]);
}

export const FIGURE_COLUMNS = ['Tool', 'figure', 'before', 'after', 'change'] as const;

type Figure = readonly [
  name: string,
  of: (tool: ToolResult) => number | null | undefined,
  format: (value: number) => string,
];

const ms = (value: number): string => `${formatMsFigure(value)} ms`;
const FIGURES: readonly Figure[] = [
  ['p50', ({ latencyMs }) => latencyMs?.p50, ms],
  ['p99', ({ latencyMs }) => latencyMs?.p99, ms],
  ['CPU a call', ({ cpuMsPerCall }) => cpuMsPerCall, ms],
  ['longest block', ({ maxBlockMs }) => maxBlockMs, ms],
  ['kept a call', ({ retainedBytesPerCall }) => retainedBytesPerCall, formatBytes],
  ['at once', ({ overlap }) => overlap, formatFigure],
];

/** A row per tool and figure that both runs have. */
export function changedFigures({ tools }: Changes): readonly (readonly string[])[] {
  return tools.flatMap(({ before, after }) =>
    FIGURES.flatMap(([name, of, format]) => {
      const [a, b] = [of(before), of(after)];
      return a == null || b == null ? [] : [[before.name, name, format(a), format(b), change(a, b)]];
    }),
  );
}

/** Less than a twentieth is what two runs of one server differ by. */
const NO_CHANGE = 0.05;

/** "÷ 12", "× 1.4", "=". */
export function change(before: number, after: number): string {
  if (before === after) return '=';
  if (before <= 0 || after <= 0) return '–';
  const ratio = after / before;
  if (Math.abs(ratio - 1) < NO_CHANGE) return '=';
  return ratio > 1 ? `× ${formatFigure(rounded(ratio))}` : `÷ ${formatFigure(rounded(1 / ratio))}`;
}

function rounded(ratio: number): number {
  return ratio < 10 ? Math.round(ratio * 10) / 10 : Math.round(ratio);
}

/** "120 ms of CPU per call before, 80 after". */
export function costThenAndNow({
  before,
  after,
}: {
  readonly before: Finding;
  readonly after: Finding;
}): string {
  const same = before.cost.unit === after.cost.unit && before.cost.per === after.cost.per;
  const effect = same ? change(before.cost.value, after.cost.value) : '–';
  return `${formatCost(before.cost)} before, ${formatCost(after.cost)} after${effect === '–' || effect === '=' ? '' : ` (${effect})`}`;
}
