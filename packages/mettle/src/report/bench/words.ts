import type {
  BenchResult,
  BlockFigures,
  CallOutcomes,
  Estimate,
  LoadShape,
  SubjectFigures,
} from '../../evidence/index.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatMs,
  formatMsFigure,
  plural,
} from '../figures.ts';
import { replayFacts, replayHeadline, replayWarnings } from './replay-words.ts';

/** The block whose figures are the benchmark's: the last one measured. */
export function mainBlock(bench: BenchResult): BlockFigures | null {
  return bench.blocks.at(-1) ?? null;
}

/** "closed loop: 4 clients, 1 call under way each". */
/** What a latency counts from: who waits for answers makes a call when it makes it, others when it is due. */
export function countedFrom({ kind }: LoadShape): string {
  switch (kind) {
    case 'closed':
      return 'the call';
    case 'open':
      return 'the intended start';
    case 'replay':
      return 'when its client would have called';
  }
}

function describeShape(shape: LoadShape): string {
  const clients = plural(shape.connections, 'client');
  if (shape.kind === 'closed') {
    const think =
      shape.thinkTimeMs > 0 ? `, ${formatDuration(shape.thinkTimeMs)} of thinking before each` : '';
    return `closed loop: ${clients}, ${plural(shape.inFlight, 'call')} under way each${think}`;
  }
  if (shape.kind === 'replay')
    return `recording replayed${shape.speed === 1 ? '' : ` at ${formatFigure(shape.speed)} times its pace`}: calls in order, at their times, ${plural(shape.connections, 'session')} open at once at most`;
  const stages = shape.stages.map(({ durationMs, fromPerSecond, toPerSecond }) =>
    fromPerSecond === toPerSecond
      ? `${formatFigure(fromPerSecond)}/s for ${formatDuration(durationMs)}`
      : `${formatFigure(fromPerSecond)} to ${formatFigure(toPerSecond)}/s in ${formatDuration(durationMs)}`,
  );
  const shown = stages.length > 4 ? [...stages.slice(0, 4), `${stages.length - 4} more`] : stages;
  return `open loop: ${shape.arrivals} arrivals, ${shown.join(', then ')}, over ${clients}`;
}

/** The benchmark in one sentence. */
export function benchHeadline(bench: BenchResult): string {
  const block = mainBlock(bench);
  if (bench.adversarial !== null) {
    const { cases, tools } = bench.adversarial;
    const calls = tools.reduce((sum, tool) => sum + tool.calls, 0);
    const planned = tools.reduce((sum, tool) => sum + tool.planned, 0);
    const made = `${plural(calls, 'hostile call')}${calls < planned ? ` (of ${planned}: the time was used up, or the server gone)` : ''}`;
    const bad = cases.filter(({ outcome }) => outcome === 'crashed' || outcome === 'blocked').length;
    return `${made} to ${plural(tools.length, 'tool')}: ${bad === 0 ? 'none' : formatCount(bad)} crashed or blocked the server${cases.length > bad ? `, ${cases.length - bad} went wrong otherwise` : ''}.`;
  }
  if (block === null) return 'Nothing was measured.';
  const { latencyMs, outcomes } = block.total;
  const failures = describeFailures(outcomes);
  const times =
    latencyMs === null ? '' : `, p50 ${formatMs(latencyMs.p50.value)}, p99 ${formatMs(latencyMs.p99.value)}`;
  if (bench.replay !== undefined) return replayHeadline(bench.replay, times, failures);
  return `${formatFigure(block.throughputPerSecond)} calls a second${times}; ${failures === '' ? 'no failures' : failures}.`;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  'tool-error': 'isError',
  'protocol-error': 'JSON-RPC error',
  'http-error': 'HTTP error',
  timeout: 'timed out',
  connection: 'connection lost',
  'invalid-answer': 'invalid answer',
};

/** "12 of 4,000 calls failed (10 isError, 2 timed out)"; empty when none did. */
export function describeFailures(outcomes: CallOutcomes): string {
  const failed = outcomes.calls - outcomes.ok;
  if (failed === 0) return '';
  const kinds = Object.entries(outcomes.failures)
    .toSorted((a, b) => b[1] - a[1])
    .map(([kind, count]) => `${formatCount(count)} ${KIND_NAMES[kind] ?? kind}`);
  return `${formatCount(failed)} of ${plural(outcomes.calls, 'call')} failed (${kinds.join(', ')})`;
}

/** First message of each kind of failure, for people. */
export function failureMessages({ subject, outcomes }: SubjectFigures): readonly string[] {
  return Object.entries(outcomes.firstMessages).map(
    ([kind, message]) =>
      `${subject.name}: ${formatCount(outcomes.failures[kind as keyof typeof outcomes.failures] ?? 0)} ${KIND_NAMES[kind] ?? kind}, first: ${message}`,
  );
}

export const FIGURE_COLUMNS: readonly string[] = [
  'calls',
  'failed',
  'p50',
  'p90',
  'p95',
  'p99',
  'p99.9',
  'max',
];

/** One row of figures: calls, failures, percentiles in ms. */
export function figureRow({ outcomes, latencyMs }: SubjectFigures): readonly string[] {
  const counts = [formatCount(outcomes.calls), formatCount(outcomes.calls - outcomes.ok)];
  if (latencyMs === null) return [...counts, '–', '–', '–', '–', '–', '–'];
  const { count, p50, p90, p95, p99, p999, max } = latencyMs;
  // A percentile that fewer than one call can stand for is not a measurement.
  const known = (share: number, { value }: Estimate): string =>
    count * (1 - share) < 1 ? '–' : formatMsFigure(value);
  return [
    ...counts,
    formatMsFigure(p50.value),
    known(0.9, p90),
    known(0.95, p95),
    known(0.99, p99),
    known(0.999, p999),
    formatMsFigure(max),
  ];
}

/** A figure with its bounds: "3.1 (3.0 to 3.3)". */
function withBounds({ value, low, high }: Estimate): string {
  return low === null || high === null
    ? `${formatMsFigure(value)} (too few calls for bounds)`
    : `${formatMsFigure(value)} (${formatMsFigure(low)} to ${formatMsFigure(high)})`;
}

/** What was measured beside the latencies: label and words. */
export function benchFacts(bench: BenchResult): readonly (readonly [label: string, text: string])[] {
  const block = mainBlock(bench);
  if (block === null) return [];
  const { target, driver, total, littlesLaw: law } = block;
  const facts: (readonly [string, string])[] = [['load', describeShape(block.shape)]];
  if (block.shape.kind === 'open')
    facts.push([
      'rate',
      `${formatFigure(block.offeredPerSecond)} calls a second offered, ${formatFigure(block.throughputPerSecond)} answered well`,
    ]);
  facts.push(...replayFacts(bench));
  if (total.latencyMs !== null)
    facts.push([
      'bounds',
      `p50 ${withBounds(total.latencyMs.p50)}, p99 ${withBounds(total.latencyMs.p99)}, p99.9 ${withBounds(total.latencyMs.p999)} ms, ${total.latencyMs.confidence * 100} % confidence`,
    ]);
  if (target.mainCpuMsPerCall !== null) {
    const all = target.processCpuMsPerCall;
    const use =
      target.mainUtilisation === null ? '' : `; main thread ${percent(target.mainUtilisation)} busy`;
    const whole = all === null ? '' : `, ${formatMs(all)} of all its threads`;
    facts.push([
      'server CPU',
      `${formatMs(target.mainCpuMsPerCall)} of the main thread per call${whole}${use}`,
    ]);
  }
  if (target.gc !== null)
    facts.push([
      'garbage',
      `${plural(target.gc.count, 'collection')}, ${formatMs(target.gc.totalMs)} in all, longest ${formatMs(target.gc.longestMs)}`,
    ]);
  if (target.eventLoopDelayMs !== null)
    facts.push([
      'event loop',
      `delay p50 ${formatMs(target.eventLoopDelayMs.p50)}, p99 ${formatMs(target.eventLoopDelayMs.p99)}, max ${formatMs(target.eventLoopDelayMs.max)}`,
    ]);
  if (target.rssBytes !== null)
    facts.push([
      'memory',
      `${formatBytes(target.rssBytes)} resident${target.heapUsedBytes === null ? '' : `, ${formatBytes(target.heapUsedBytes)} of heap in use`} at the end`,
    ]);
  facts.push(['bytes', `${formatBytes(total.bytesSent)} sent, ${formatBytes(total.bytesReceived)} received`]);
  facts.push([
    'driver',
    `${formatMs(driver.cpuMsPerCall)} of CPU per call, ${percent(driver.utilisation)} of a core; late by p50 ${formatMs(driver.latenessMs.p50)}, p99 ${formatMs(driver.latenessMs.p99)}; ${bench.placement.described}`,
  ]);
  if (!law.holds)
    facts.push([
      "Little's law",
      `does not hold: ${formatFigure(law.meanInFlight)} calls in flight on average, but rate times latency gives ${formatFigure(law.throughputTimesLatency)}: the load was not steady`,
    ]);
  return facts;
}

/** Sentences that a reader must not miss. */
export function benchWarnings(bench: BenchResult): readonly string[] {
  const block = mainBlock(bench);
  if (block === null) return [];
  const { target, durationMs } = block;
  const starved = target.hostDelayMs === null ? 0 : target.hostDelayMs / Math.max(1, durationMs);
  return [
    ...replayWarnings(bench),
    ...(block.driver.distrust === null ? [] : [sentence(block.driver.distrust)]),
    ...(block.endedEarly === null ? [] : [`Ended early: ${block.endedEarly}.`]),
    ...(block.unfinished > 0
      ? [
          `${plural(block.unfinished, 'call')} under way at the end ${block.unfinished === 1 ? 'was' : 'were'} given up and counted nowhere.`,
        ]
      : []),
    // A tenth of the time on the host's run queue shows in every percentile above the median.
    ...(starved > 0.1
      ? [
          `The server stood in the machine's run queue for ${percent(starved)} of the time: other processes made it look slower than it is.`,
        ]
      : []),
    ...(bench.warmUp !== null && !bench.warmUp.steady
      ? [
          `The server was not yet steady after ${formatDuration(bench.warmUp.durationMs)} of warming up: give it longer (--warm-up).`,
        ]
      : []),
  ];
}

/** What the search for the knee found, in words; empty without one. */
export function capacityLines({ capacity }: BenchResult): readonly string[] {
  if (capacity === null) return [];
  const { kneePerSecond: knee, overPerSecond: over, p99BudgetMs, steps } = capacity;
  const untrusted = steps.filter(({ verdict }) => verdict === 'untrusted').length;
  const overs = steps.filter(({ verdict }) => verdict !== 'within');
  // Why that rate was too much: a step at another one, which held when it was tried again, tells nothing of it.
  const last =
    over === null ? overs.at(-1) : overs.findLast(({ offeredPerSecond }) => offeredPerSecond === over);
  const found =
    knee === null
      ? `No rate kept p99 within ${formatMs(p99BudgetMs)} without failures${last?.why == null ? '' : `; at ${formatFigure(last.offeredPerSecond)}/s ${last.why}`}.`
      : `Up to ${formatFigure(knee)} calls a second keep p99 within ${formatMs(p99BudgetMs)} without failures${over === null ? '' : `; at ${formatFigure(over)} they do not${last?.why == null ? '' : ` (${last.why})`}`}.`;
  const think = formatDuration(capacity.thinkTimeMs);
  const users =
    capacity.callsPerSecondPerCore === null || capacity.cpuMsPerCall === null
      ? []
      : [
          `A core answers at most ${formatFigure(capacity.callsPerSecondPerCore)} calls a second (${formatMs(capacity.cpuMsPerCall)} of server CPU per call): ${plural(capacity.usersPerCore ?? 0, 'user')} who pause ${think} between calls (--think-time).`,
        ];
  const atKnee =
    capacity.usersAtKnee === null ? [] : [`Within the budget: ${plural(capacity.usersAtKnee, 'such user')}.`];
  const doubt =
    untrusted === 0
      ? []
      : [
          `In ${plural(untrusted, 'step')} the driver was the limit, not the server: the true knee may lie higher.`,
        ];
  return [found, ...users, ...atKnee, ...doubt];
}

/** Of what creeps: first and last quarter of the time line compared; empty for a run too short to tell. */
export function driftLines(bench: BenchResult): readonly string[] {
  const block = mainBlock(bench);
  if (block === null || block.durationMs < DRIFT_FROM_MS) return [];
  const middle = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
    return known.length === 0 ? null : (known[Math.floor(known.length / 2)] as number);
  };
  const quarter = Math.floor(block.timeline.length / 4);
  if (quarter < 4) return [];
  const first = middle(block.timeline.slice(0, quarter).map(({ p50Ms }) => p50Ms));
  const last = middle(block.timeline.slice(-quarter).map(({ p50Ms }) => p50Ms));
  if (first === null || last === null) return [];
  const ratio = last / first;
  const moved =
    ratio > 1.25 ? `rose by ${percent(ratio - 1)}` : ratio < 0.8 ? `fell by ${percent(1 - ratio)}` : null;
  const { rssBytesAtStart: before, rssBytes: after } = block.target;
  const memory =
    before === null || after === null
      ? []
      : [
          `Resident memory was ${formatBytes(before)} at the start of it and ${formatBytes(after)} at the end (${after >= before ? '+' : ''}${percent(after / before - 1)}): growth alone is no leak yet.`,
        ];
  return [
    moved === null
      ? `Over ${formatDuration(block.durationMs)} the median latency did not drift: ${formatMs(first)} in the first quarter, ${formatMs(last)} in the last.`
      : `Over ${formatDuration(block.durationMs)} the median latency ${moved}: ${formatMs(first)} in the first quarter, ${formatMs(last)} in the last.`,
    ...memory,
  ];
}

/** Below, quarters are shorter than what disturbs them. */
const DRIFT_FROM_MS = 60_000;

function percent(share: number): string {
  return `${formatFigure(Math.round(share * 1000) / 10)} %`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
