import { CHECKS, type Bundle, type Result } from '../evidence/index.ts';
import {
  benchFacts,
  benchHeadline,
  benchWarnings,
  capacityLines,
  driftLines,
  failureMessages,
  FIGURE_COLUMNS,
  figureRow,
  mainBlock,
} from './bench/words.ts';
import {
  CHECK_NAMES,
  describeTarget,
  explainVerdict,
  groupPassedOver,
  headline,
  isTimed,
  notMeasured,
} from './coverage.ts';
import { formatBytes, formatCost, formatDuration, formatFigure, formatMsFigure } from './figures.ts';
import {
  COMPARISON_COLUMNS,
  comparisonHeadline,
  comparisonRows,
  thresholdLines,
} from './comparison-words.ts';
import {
  IN_PROCESS_COLUMNS,
  inProcessHeadline,
  inProcessNotes,
  inProcessRow,
  inProcessTitle,
} from './in-process-words.ts';
import { CLASS_COLUMNS, classRows, heapComparisonHeadline, holderRows } from './heap-comparison-words.ts';
import {
  GROWTH_COLUMNS,
  growthCells,
  growthRows,
  heapSentence,
  memoryTimeline,
  sparkline,
} from './memory-words.ts';
import { clip, printable } from './printable.ts';
import { groupByRootCause } from './root-causes.ts';

const ROWS = 60;
/** Readings in the line of the heap. */
const BARS = 32;

/** The result as Markdown that GitHub and GitLab show: a summary, tables, findings with their fix. */
export function renderMarkdown(result: Result, bundle?: Bundle): string {
  const { name, facts } = describeTarget(result);
  const causes = groupByRootCause(result.findings);
  const sections = [
    `## ${text(name)}`,
    [...facts, formatDuration(result.durationMs)].map(text).join(' · '),
    `**${text(summary(result, causes.length))}**`,
    ...benchParts(result),
    ...comparisonParts(result),
    ...inProcessParts(result),
    ...heapComparisonParts(result),
    verdicts(result),
    ...result.findings.map(
      (finding) =>
        `### ${text(finding.tool ?? 'whole server')}: \`${finding.id}\`\n\n${text(finding.title)}\n\n- severity: ${finding.severity}, ${finding.confidence}\n- cost: ${text(formatCost(finding.cost))}${finding.location === undefined ? '' : `\n- at \`${finding.location.file}:${finding.location.line}\``}\n- fix: ${text(finding.fix)}\n- verify: \`${finding.verify.command.replaceAll('`', "'")}\``,
    ),
    ...memoryParts(bundle),
    isBenchmark(result) ? '' : toolTable(result),
    leftOut(result),
    result.notes.length === 0 ? '' : result.notes.map((note) => `- ${text(note)}`).join('\n'),
    `<sub>Mettle ${result.mettle}, Node ${result.node.replace(/^v/, '')}: \`${result.command.replaceAll('`', "'")}\`</sub>`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function summary(result: Result, causes: number): string {
  if (result.comparison !== undefined) return comparisonHeadline(result);
  if (result.inProcess !== undefined) return inProcessHeadline(result.inProcess);
  if (result.heapComparison !== undefined) return heapComparisonHeadline(result.heapComparison);
  return result.bench === undefined ? headline(result, causes) : benchHeadline(result.bench);
}

function comparisonParts({ comparison, thresholds }: Result): readonly string[] {
  const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${text(line)}`).join('\n');
  return [
    comparison === undefined || comparison.subjects.length === 0
      ? ''
      : table(['', ...COMPARISON_COLUMNS], comparisonRows(comparison)),
    bullets(thresholdLines(thresholds)),
    bullets(comparison?.caveats ?? []),
  ];
}

function heapComparisonParts({ heapComparison }: Result): readonly string[] {
  if (heapComparison === undefined) return [];
  return [
    holderRows(heapComparison)
      .map(({ title, lines }, i) => `${i + 1}. ${[title, ...lines].map(text).join('\n   ')}`)
      .join('\n'),
    table(CLASS_COLUMNS, classRows(heapComparison)),
  ];
}

function memoryParts(bundle: Bundle | undefined): readonly string[] {
  const timeline = bundle === undefined ? null : memoryTimeline(bundle);
  if (bundle === undefined || timeline === null) return [];
  const after = timeline.levels
    .filter(({ collected }) => collected)
    .map(({ heapUsedBytes }) => heapUsedBytes);
  const { heapGrowth } = bundle.evidence;
  const rows = heapGrowth === undefined ? [] : growthRows(heapGrowth);
  return [
    `Memory: heap ${sparkline(after, BARS)} ${text(heapSentence(timeline))}`,
    rows.length === 0 ? '' : table(GROWTH_COLUMNS, rows.map(growthCells)),
  ];
}

function inProcessParts({ inProcess }: Result): readonly string[] {
  if (inProcess === undefined) return [];
  return [
    ...inProcess.runs.flatMap((run) => [
      text(inProcessTitle(run)),
      table(['', ...IN_PROCESS_COLUMNS], run.subjects.slice(0, ROWS).map(inProcessRow)),
    ]),
    inProcessNotes(inProcess)
      .map((note) => `- ${text(note)}`)
      .join('\n'),
  ];
}

function isBenchmark({ bench, comparison, inProcess, heapComparison }: Result): boolean {
  return [bench, comparison, inProcess, heapComparison].some((part) => part !== undefined);
}

function benchParts({ bench }: Result): readonly string[] {
  if (bench === undefined) return [];
  const block = mainBlock(bench);
  const warnings = benchWarnings(bench).map((warning) => `> **Note:** ${text(warning)}`);
  const subjects = (block?.subjects ?? []).slice(0, ROWS);
  const rows = subjects.map((subject) => [subject.subject.name, ...figureRow(subject)]);
  if (block !== null && subjects.length > 1) rows.push(['**all**', ...figureRow(block.total)]);
  const messages = subjects.flatMap(failureMessages).map((message) => `- ${text(clip(message, 400))}`);
  const facts = [
    ...benchFacts(bench).map(([label, words]) => `- ${label}: ${text(words)}`),
    ...driftLines(bench).map((line) => `- ${text(line)}`),
  ];
  const hostile = (bench.adversarial?.cases ?? []).map(({ tool, what, outcome, detail }) => [
    tool,
    what,
    outcome,
    detail,
  ]);
  return [
    warnings.join('\n>\n'),
    rows.length === 0 ? '' : table(['latency in ms', ...FIGURE_COLUMNS], rows),
    messages.join('\n'),
    facts.join('\n'),
    ...capacity(bench),
    hostile.length === 0 ? '' : table(['tool', 'what', 'outcome', 'detail'], hostile.slice(0, ROWS)),
  ];
}

function capacity(bench: NonNullable<Result['bench']>): readonly string[] {
  if (bench.capacity === null) return [];
  const rows = bench.capacity.steps
    .toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond)
    .map((step) => [
      formatFigure(step.offeredPerSecond),
      formatFigure(step.achievedPerSecond),
      step.p99 === null ? '–' : formatMsFigure(step.p99.value),
      String(step.failures),
      step.verdict,
    ]);
  return [
    capacityLines(bench).map(text).join(' '),
    table(['offered/s', 'answered/s', 'p99 ms', 'failed', 'verdict'], rows),
  ];
}

function verdicts(result: Result): string {
  const shown = CHECKS.filter((check) => !isBenchmark(result) || result.checks[check].status !== 'skipped');
  if (shown.length === 0) return '';
  return table(
    ['check', 'verdict', ''],
    shown.map((check) => [
      CHECK_NAMES[check],
      result.checks[check].status,
      clip(explainVerdict(result.checks[check]), 300),
    ]),
  );
}

function toolTable({ tools }: Result): string {
  const called = tools.filter((tool) => tool.exercised).slice(0, ROWS);
  if (called.length === 0) return '';
  const ms = (value: number | null | undefined): string => (value == null ? '–' : formatMsFigure(value));
  const kept = called.some(({ retainedBytesPerCall }) => retainedBytesPerCall !== null);
  const timed = called.some(isTimed);
  return table(
    [
      'tool',
      'calls',
      'errors',
      ...(timed ? ['p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'CPU ms'] : []),
      ...(kept ? ['kept a call'] : []),
    ],
    called.map(({ name, calls, errors, latencyMs, cpuMsPerCall, retainedBytesPerCall }) => [
      name,
      String(calls),
      String(errors),
      ...(timed
        ? [ms(latencyMs?.p50), ms(latencyMs?.p95), ms(latencyMs?.p99), ms(latencyMs?.max), ms(cpuMsPerCall)]
        : []),
      ...(kept ? [retainedBytesPerCall === null ? '–' : formatBytes(retainedBytesPerCall)] : []),
    ]),
  );
}

function leftOut({ tools }: Result): string {
  const lines = [
    ...notMeasured(tools).map(({ name, reason }) => `- \`${printable(name)}\`: ${text(clip(reason, 300))}`),
    ...groupPassedOver(tools).map(
      ({ reason, names }) =>
        `- ${text(clip(reason, 300))}: ${names
          .slice(0, 30)
          .map((name) => `\`${printable(name)}\``)
          .join(', ')}`,
    ),
  ];
  return lines.length === 0 ? '' : `Not measured:\n\n${lines.join('\n')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => (cell.startsWith('**') ? cell : text(cell)).replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, i) => (i === 0 ? ' --- ' : ' ---: ')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** Text of a target's in Markdown: no markup of its own, one line. */
function text(raw: string): string {
  return printable(raw).replace(/[\\`*_<>[\]]/g, (character) => `\\${character}`);
}
