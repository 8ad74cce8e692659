import {
  comparedSubjects,
  formatPlace,
  judgeMetrics,
  movedTime,
  summariseComparison,
  type JudgedMetric,
  type Moved,
} from '../derive/index.ts';
import type {
  ComparisonEvidence,
  DetectorInput,
  Exhibit,
  Finding,
  JudgedFigure,
  Metric,
  Severity,
  SourceLocation,
} from '../evidence/index.ts';
import { figure, percent, plural, quoted } from './figures.ts';
import { askedFor, makeFinding } from './finding.ts';

export type RegressionInput = DetectorInput<'comparison' | 'target'>;

/** From this factor on, surely lost, users notice; below it, what is lost is worth knowing. */
const WORTH_ACTING = 1.1;
const SEVERE = 2;

/** How bad a loss is that surely has at least this factor. */
export function severityOfFactor(surely: number): Severity {
  if (surely >= SEVERE) return 'high';
  return surely >= WORTH_ACTING ? 'medium' : 'low';
}

/** What was judged worse, of the metrics asked for, per subject; of all together only where no single one is. */
export function worseSubjects(
  comparison: ComparisonEvidence,
  metrics: readonly Metric[],
): readonly { readonly subject: string | null; readonly worse: readonly JudgedMetric[] }[] {
  const worse = judgeMetrics(comparison).filter(
    ({ metric, standing }) => metrics.includes(metric) && standing === 'worse',
  );
  const named = comparedSubjects(comparison).flatMap((subject) => {
    const mine = worse.filter((entry) => entry.subject === subject);
    return mine.length === 0 ? [] : [{ subject, worse: mine }];
  });
  if (named.length > 0 || worse.length === 0) return named;
  return [{ subject: null, worse }];
}

/** What a regression's finding says of its own; the rest is the same for all. */
export interface Regression extends Pick<Finding, 'id' | 'severity' | 'title' | 'cost' | 'fix'> {
  readonly expect: string;
}

/** The finding with what the pairs show beside it: the tables, the place whose time grew most, and the command to repeat it. */
export function regressionFinding(
  evidence: RegressionInput,
  subject: string | null,
  { expect, title, ...regression }: Regression,
): Finding {
  const { comparison, target, exercise } = evidence;
  const location = regressionLocation(comparison);
  return makeFinding({
    ...regression,
    tool: subject,
    location,
    confidence: 'measured',
    title: `${title}${atPlace(location, target.cwd)}${whatMoved(comparison)}`,
    evidence: regressionExhibits(comparison, subject),
    verify: { command: compareCommand(evidence, regression.id, askedFor(subject, exercise)), expect },
  });
}

/** How the subject of a comparison is called in a sentence. */
export function comparedName(subject: string | null): string {
  return subject === null ? 'The server as a whole' : quoted(subject);
}

/** `1.32 times (at least 1.21)`. */
export function factorOf(value: number, surely: number): string {
  return `${figure(value)} times (at least ${figure(surely)})`;
}

/** Pairs and calls that the verdict rests on. */
export function lookedAt({ comparison }: RegressionInput): string {
  const { pairs } = comparison;
  const calls = pairs.reduce(
    (sum, pair) =>
      sum +
      pair.subjects.reduce((inner, { baseline, candidate }) => inner + baseline.calls + candidate.calls, 0),
    0,
  );
  return `${plural(comparedSubjects(comparison).length, 'subject')}, ${plural(calls, 'call')} in ${plural(pairs.length, 'pair')} of fresh processes: ${summariseComparison(comparison).sentence}`;
}

/** Why the pairs cannot clear the server; null when they can. */
export function undecided(comparison: ComparisonEvidence, metrics: readonly Metric[]): string | null {
  const judged = judgeMetrics(comparison).filter(({ metric }) => metrics.includes(metric));
  if (judged.length === 0)
    return `no pair of both versions could be measured${comparison.caveats.length === 0 ? '' : `: ${comparison.caveats[0] ?? ''}`}`;
  const { conclusion, sentence } = summariseComparison(comparison);
  return conclusion === 'not enough evidence' ? sentence : null;
}

/** Tables of the figures and of what moved. */
export function regressionExhibits(
  comparison: ComparisonEvidence,
  subject: string | null,
): readonly Exhibit[] {
  const entry = summariseComparison(comparison).subjects.find(({ name }) => name === subject);
  const rows = Object.entries(entry?.figures ?? {}).map(([metric, judged]) => row(metric as Metric, judged));
  return [
    {
      kind: 'table',
      title: `${comparison.candidate.label} against ${comparison.baseline.label}`,
      columns: ['figure', 'before', 'after', 'ratio', 'surely between', 'verdict'],
      rows,
    },
    ...movedExhibits(comparison),
  ];
}

const NAMES: Readonly<Record<Metric, string>> = {
  latency: 'latency p50, ms',
  cpu: 'CPU of the main thread, ms per call',
  throughput: 'calls per second, 8 in flight',
  tail: 'calls in the tail, %',
  memory: 'memory of all processes, MB',
};
const SCALE: Readonly<Record<Metric, number>> = {
  latency: 1,
  cpu: 1,
  throughput: 1,
  tail: 100,
  memory: 1e-6,
};

function row(
  metric: Metric,
  { before, after, value, low, high, standing }: JudgedFigure,
): readonly (string | number)[] {
  const shown = (reading: number | null): string | number =>
    reading === null ? 'unknown' : figure(reading * SCALE[metric]);
  const tail = metric === 'tail';
  const bound = (limit: number): string =>
    Number.isFinite(limit) ? String(tail ? `${figure(limit * 100)} points` : figure(limit)) : 'unknown';
  return [
    NAMES[metric],
    shown(before),
    shown(after),
    tail ? `${figure(value * 100)} points` : figure(value),
    `${bound(low)} and ${bound(high)}`,
    standing === 'unsure' ? 'not enough evidence' : standing,
  ];
}

function movedExhibits(comparison: ComparisonEvidence): readonly Exhibit[] {
  const moved = movedTime(comparison);
  if (moved === null) return [];
  const us = ({ beforeUs, afterUs }: Pick<Moved, 'beforeUs' | 'afterUs'>): readonly number[] => [
    figure(beforeUs),
    figure(afterUs),
    figure(afterUs - beforeUs),
  ];
  const columns = ['µs per call before', 'after', 'change'];
  return [
    {
      kind: 'table',
      title: 'Functions whose own time on the main thread moved (profiled apart from the timed calls)',
      columns: ['function', 'place', 'called from', ...columns],
      rows: moved.functions.map((part) => [
        part.name,
        part.frame === null || part.frame.file === ''
          ? (part.frame?.owner ?? '')
          : `${part.frame.file}:${part.frame.line}`,
        part.from === null ? '' : `${part.from.name} (${part.from.file}:${part.from.line})`,
        ...us(part),
      ]),
    },
    {
      kind: 'table',
      title: 'Whose code it is: dependencies, application, Node.js, V8',
      columns: ['owner', ...columns],
      rows: [
        ...moved.owners.map((part) => [part.name, ...us(part)]),
        ['of which garbage collection (what allocation costs)', ...us(moved.collector)],
      ],
    },
  ];
}

/** What grew most and is nameable, in a clause; '' where the profiles show nothing. */
function whatMoved(comparison: ComparisonEvidence): string {
  const moved = movedTime(comparison);
  const top = moved?.functions.find(({ afterUs, beforeUs }) => afterUs > beforeUs);
  if (moved === null || moved === undefined || top === undefined) return '';
  const growth = moved.afterUs - moved.beforeUs;
  if (growth <= 0) return '';
  const share = percent(Math.min(1, (top.afterUs - top.beforeUs) / growth));
  const from = top.from === null ? '' : `, called from ${top.from.name} (${top.from.file}:${top.from.line})`;
  const at = top.frame === null || top.frame.file === '' ? '' : ` (${top.frame.file}:${top.frame.line})`;
  const owner = top.frame?.kind === 'package' ? ` of ${top.frame.owner}` : '';
  return `; ${share} of the growth is ${top.name}${owner}${at}${from}`;
}

/** The server's own function that grew most, or from which what grew is called; undefined when none is known. */
function regressionLocation(comparison: ComparisonEvidence): SourceLocation | undefined {
  const moved = movedTime(comparison);
  const { cwd } = comparison.candidate;
  for (const part of moved?.functions ?? []) {
    if (part.afterUs <= part.beforeUs) continue;
    const own = part.frame?.kind === 'application' ? part.frame : part.from;
    if (own === null || own === undefined || own.file === '' || own.line < 1) continue;
    const file = own.file.startsWith('/') || /^[A-Za-z]:/.test(own.file) ? own.file : `${cwd}/${own.file}`;
    return { file, line: own.line, ...(own.name === '(anonymous)' ? {} : { function: own.name }) };
  }
  return undefined;
}

/** The place as a clause for a title. */
function atPlace(location: SourceLocation | undefined, cwd: string): string {
  return location === undefined ? '' : `, at ${formatPlace(location, cwd)}`;
}

/** The command that shows the loss now, and passes once it is mended. */
export function compareCommand(
  { target, comparison }: RegressionInput,
  id: string,
  tools: readonly string[],
): string {
  const ref = /^git:\S+/.exec(comparison.baseline.label)?.[0] ?? comparison.baseline.label;
  const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const named = tools.map((tool) => ` --tool ${/^[\w./:-]+$/.test(tool) ? tool : quote(tool)}`).join('');
  const how = comparison.method === 'yardstick' ? '--against BASELINE.json' : `--compare ${quote(ref)}`;
  return `npx mettle bench ${how}${named} --fail-on ${id} ${target.targetArguments}`;
}
