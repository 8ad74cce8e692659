import { benchHeadline } from './bench/words.ts';
import { comparisonHeadline } from './comparison-words.ts';
import { heapComparisonHeadline } from './heap-comparison-words.ts';
import { inProcessHeadline } from './in-process-words.ts';
import { buildCallTree } from '../derive/call-tree.ts';
import { homeOf } from '../derive/frames.ts';
import { CHECKS, type Bundle, type Check, type Result, type Verdict } from '../evidence/index.ts';
import {
  CHECK_NAMES,
  describeTarget,
  explainVerdict,
  groupPassedOver,
  headline,
  isTimed,
  notMeasured,
} from './coverage.ts';
import { formatDuration, plural } from './figures.ts';
import type { ReadPage } from './fix-sketch.ts';
import { lookingCostSentence } from './looking-cost.ts';
import { clip, pad, printable } from './printable.ts';
import { renderBottomUp } from './profiles/bottom-up.ts';
import { groupByRootCause } from './root-causes.ts';
import type { ReadSource } from './source-excerpt.ts';
import { fileUrl, relativePath } from './source-paths.ts';
import { findingBlock, findingLine, type Page } from './terminal/finding-block.ts';
import { benchSections } from './terminal/bench-section.ts';
import { comparisonSections } from './terminal/comparison-section.ts';
import { heapComparisonSections } from './terminal/heap-comparison-section.ts';
import { inProcessSections } from './terminal/in-process-section.ts';
import { inkFor, type Ink } from './terminal/ink.ts';
import { labelled, limitLines, wrap } from './terminal/layout.ts';
import { probeSection } from './terminal/probe-section.ts';
import { memorySection } from './terminal/memory-section.ts';
import { raceSection } from './terminal/race-section.ts';
import { recapSection } from './terminal/recap-section.ts';
import { timeSection } from './terminal/time-section.ts';
import { toolTable } from './terminal/tool-table.ts';

export interface TerminalOptions {
  /** False gives no escape sequence at all, unless `hyperlinks` asks for some. */
  readonly color: boolean;
  readonly width: number;
  /** Source locations and the report as OSC 8 links. */
  readonly hyperlinks?: boolean | undefined;
  /** Where the HTML report was written. */
  readonly reportPath?: string | undefined;
  /** Where the bundle was written. */
  readonly bundlePath?: string | undefined;
  /** The folder that paths are shown relative to; the target's own when absent. */
  readonly cwd?: string | undefined;
  /** The top of the repository, for formats that a code host reads. */
  readonly repository?: string | undefined;
  /** Gives source text, so that the line at fault is shown. */
  readonly readSource?: ReadSource | undefined;
  /** Gives the pages of findings, for formats that show fixes in code. */
  readonly readPage?: ReadPage | undefined;
  /** Of races the matrix tool × tool and a line per finding. */
  readonly matrixOnly?: boolean | undefined;
}

/** Narrower than this no table fits; a terminal that says less is taken for this wide. */
const NARROWEST = 60;
/** Wider than this lines of prose are hard to read. */
const WIDEST = 120;

/**
 * The result for a person at a terminal: who was examined, a verdict per failure mode, the findings,
 * the tools, what was not covered. No line is wider than `width`, but for a word of a command to copy.
 */
export function renderTerminal(result: Result, bundle: Bundle, options: TerminalOptions): string {
  const ink = inkFor({ color: options.color, hyperlinks: options.hyperlinks === true });
  const width = Math.min(WIDEST, Math.max(NARROWEST, options.width));
  const page: Page = {
    ink,
    width,
    folder: options.cwd ?? bundle.evidence.target?.cwd,
    readSource: options.readSource,
  };
  const causes = groupByRootCause(result.findings);
  const { bench } = result;
  const matrixOnly = options.matrixOnly === true;
  const sections = [
    [...header(result, width, ink), '', ...wrap(summary(result, causes.length), width).map(ink.bold)],
    ...(bench === undefined ? [] : benchSections(bench, width, ink)),
    ...comparisonSections(result, width, ink),
    ...inProcessSections(result, width, ink),
    probeSection(result.probe, width, ink),
    ...heapComparisonSections(result.heapComparison, width, ink, page.folder),
    checksShown(result).flatMap((check) =>
      verdictLines(CHECK_NAMES[check], result.checks[check], width, ink),
    ),
    ...(matrixOnly
      ? [causes.flatMap((cause, i) => findingLine(cause, i + 1, page))]
      : causes.map((cause, i) => findingBlock(cause, i + 1, page))),
    raceSection(bundle, { width, matrixOnly }, ink),
    memorySection(bundle, width, ink),
    timeSection(result, width, ink, page.folder),
    hotFunctions(bundle, width, ink),
    ...(!isBenchmark(result) && bundle.manifest.examination !== 'race'
      ? [toolSection(result, width, ink)]
      : []),
    passedOverSection(result, width, ink),
    lookingCostLines(result, width, ink),
    notesSection(result, width, ink),
    ...(matrixOnly ? [] : [recapSection(causes, page)]),
    whereabouts(options, ink),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function summary(result: Result, rootCauses: number): string {
  if (result.comparison !== undefined) return comparisonHeadline(result);
  if (result.inProcess !== undefined) return inProcessHeadline(result.inProcess);
  if (result.heapComparison !== undefined) return heapComparisonHeadline(result.heapComparison);
  if (result.probe !== undefined) return result.probe.outcome.sentence;
  if (result.bench === undefined) return headline(result, rootCauses);
  const found = result.findings.length === 0 ? '' : ` ${headline(result, rootCauses)}`;
  return benchHeadline(result.bench) + found;
}

function isBenchmark({ bench, comparison, inProcess, heapComparison, probe }: Result): boolean {
  return [bench, comparison, inProcess, heapComparison, probe].some((part) => part !== undefined);
}

/** A benchmark or a comparison looks for one failure mode; that it skipped the others is no news. */
function checksShown(result: Result): readonly Check[] {
  return !isBenchmark(result) ? CHECKS : CHECKS.filter((check) => result.checks[check].status !== 'skipped');
}

/** Where the CPU went, for the command that asks just that; in a check the findings say it. */
function hotFunctions(bundle: Bundle, width: number, ink: Ink): string[] {
  const { cpuProfile, target } = bundle.evidence;
  if (cpuProfile === undefined || bundle.manifest.examination === 'check') return [];
  const tree = buildCallTree(cpuProfile, target === undefined ? {} : { home: homeOf(target) });
  const rows = renderBottomUp(tree, { width: width - 2 });
  return rows.length === 0 ? [] : [ink.bold('Costliest functions'), ...rows.map((row) => `  ${row}`)];
}

function header(result: Result, width: number, ink: Ink): string[] {
  const { name, facts } = describeTarget(result);
  const shown = printable(clip(name, 200));
  const [first = '', ...rest] = wrap([shown, ...facts, formatDuration(result.durationMs)].join(' · '), width);
  return [first.startsWith(shown) ? ink.bold(shown) + first.slice(shown.length) : first, ...rest];
}

function verdictLines(name: string, verdict: Verdict, width: number, ink: Ink): string[] {
  const nameColumns = 15;
  const statusColumns = 9;
  const columns = width - 2 - nameColumns - statusColumns;
  const lines = limitLines(wrap(explainVerdict(verdict), columns), 2, columns);
  const status = statusPaint(verdict.status, ink)(pad(verdict.status, statusColumns));
  const blank = ' '.repeat(2 + nameColumns + statusColumns);
  return (lines.length === 0 ? [''] : lines).map((line, i) =>
    i === 0 ? `  ${pad(name, nameColumns)}${status}${line}`.trimEnd() : `${blank}${line}`,
  );
}

function statusPaint(status: Verdict['status'], ink: Ink): (text: string) => string {
  switch (status) {
    case 'found':
      return (text) => ink.bold(ink.red(text));
    case 'clear':
      return ink.green;
    case 'skipped':
      return ink.dim;
    case 'failed':
      return ink.yellow;
  }
}

const TIMES_LEGEND =
  'Times in ms, slowest p99 first. cpu: main thread, per call. block: the longest time the event loop stood still, what the host took included. overlap: how many of the calls in flight ran at once.';

function toolSection(result: Result, width: number, ink: Ink): string[] {
  const table = toolTable(result.tools, width, ink);
  if (table.length === 0) return [];
  const isWeighed = result.tools.some((tool) => tool.retainedBytesPerCall !== null);
  const legend = [
    ...(result.tools.some(isTimed) ? [TIMES_LEGEND] : []),
    ...(isWeighed ? ['kept: what each call leaves behind for good.'] : []),
  ].join(' ');
  return [ink.bold('Tools'), ...table, ...indented(legend, width).map(ink.dim)];
}

function passedOverSection(result: Result, width: number, ink: Ink): string[] {
  // Names and reasons come from the target: bounded, so that no server can fill the screen.
  const groups = groupPassedOver(result.tools).map(({ reason, noun, names }) => {
    // A reason says so itself where it stands alone, as in JSON.
    const why = clip(reason.replace(/^not called: /, ''), 300);
    const called = `${plural(names.length, noun)} not called: ${why}: `;
    return called + clip(names.join(', '), 500);
  });
  const failed = notMeasured(result.tools).map((tool) => `${tool.name} ${clip(tool.reason, 300)}`);
  const lines = [...failed, ...groups].flatMap((text) => bullet(text, width));
  return lines.length === 0 ? [] : [ink.bold('Not examined'), ...lines];
}

function lookingCostLines(result: Result, width: number, ink: Ink): string[] {
  const sentence = lookingCostSentence(result);
  return sentence === null ? [] : wrap(printable(sentence), width).map(ink.dim);
}

function notesSection(result: Result, width: number, ink: Ink): string[] {
  if (result.notes.length === 0) return [];
  return [ink.bold('Notes'), ...result.notes.flatMap((note) => bullet(note, width))];
}

function bullet(text: string, width: number): string[] {
  return labelled('-', wrap(text, width - 4), 2, (label) => label).map((line) => `  ${line}`);
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => `  ${line}`);
}

/** In one line whatever its length: a path that is broken leads nowhere. */
function whereabouts(options: TerminalOptions, ink: Ink): string[] {
  const place = (label: string, path: string | undefined): string[] => {
    if (path === undefined) return [];
    const shown = ink.link(relativePath(path, options.cwd), fileUrl({ file: path, line: 0 }));
    return labelled(label, [shown], 8, ink.dim);
  };
  return [...place('report', options.reportPath), ...place('bundle', options.bundlePath)];
}
