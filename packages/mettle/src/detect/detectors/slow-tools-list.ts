import {
  distinctCalls,
  formatPlace,
  groupByPlace,
  holdsOf,
  homeOf,
  type HoldGroup,
} from '../../derive/index.ts';
import type {
  Detector,
  DetectorInput,
  Exhibit,
  Finding,
  LatencyRecord,
  Severity,
} from '../../evidence/index.ts';
import { median } from '../../stats/order.ts';
import { count, figure, ms, plural } from '../figures.ts';
import { makeFinding, verifyCommand } from '../finding.ts';
import { recurs } from '../judgement.ts';

const ID = 'slow-tools-list';
const METHOD = 'tools/list';
/** Of the main thread per listing, as for any other block: every new session lists, and every open one waits meanwhile. */
const CPU_MS = 50;
/** Of waiting: clients list before they show anything, so that half a second is a visible pause at every start. */
const WAIT_MS = 500;
/** Calls from which a median can be told. */
const CALLS_TO_JUDGE = 3;

type Input = DetectorInput<'latency' | 'target'>;

/** A `tools/list` that costs the server, or its clients, too much each time. */
export const slowToolsList: Detector<'latency' | 'target'> = {
  id: ID,
  check: 'protocol',
  needs: ['latency', 'target'],
  mayUse: ['catalogue', 'blocking'],

  detect(evidence) {
    const record = listing(evidence);
    if (record === undefined || record.latencyMs === null) return [];
    if (record.outcomes.calls - record.outcomes.errors < CALLS_TO_JUDGE) return [];
    // The mean may be one dear first listing; but the middle one takes at least as long as it computes.
    const cpuMs =
      record.mainCpuMsPerCall === null ? null : Math.min(record.mainCpuMsPerCall, record.latencyMs.p50);
    if (cpuMs !== null && cpuMs >= CPU_MS)
      return [findingOf(evidence, record, { costMs: cpuMs, computes: true })];
    const waitMs = medianNetMs(record, record.latencyMs.p50);
    return waitMs >= WAIT_MS ? [findingOf(evidence, record, { costMs: waitMs, computes: false })] : [];
  },

  looked(evidence) {
    const record = listing(evidence);
    if (record === undefined || record.latencyMs === null)
      return 'tools/list was not timed: the server has none, or it was not among the subjects';
    const cpu = record.mainCpuMsPerCall === null ? '' : `, ${ms(record.mainCpuMsPerCall)} of CPU each`;
    return `${plural(record.outcomes.calls, 'call')} of tools/list, ${ms(record.latencyMs.p50)} (median)${cpu}`;
  },
};

function listing(evidence: Input): LatencyRecord | undefined {
  return evidence.latency.subjects.find((record) => record.subject.name === METHOD);
}

/** The median latency without the host's delays, as far as the calls on record tell. */
function medianNetMs(record: LatencyRecord, p50Ms: number): number {
  const nets = record.slowest
    .filter((call) => call.ok)
    .map((call) => call.latencyMs - (call.hostDelayMs ?? 0))
    .toSorted((a, b) => b - a);
  const calls = record.outcomes.calls - record.outcomes.errors;
  const middle = nets[Math.floor(calls / 2)];
  if (middle !== undefined) return middle;
  // The middle call is not among the slowest: take off what they were delayed by, which is rather too much.
  const delays = record.slowest.map((call) => call.hostDelayMs ?? 0);
  return delays.length === 0 ? p50Ms : Math.max(0, p50Ms - median(delays));
}

function severityOf(costMs: number, computes: boolean): Severity {
  // Computing stops every session, waiting only the one that asked.
  if (costMs >= 1000) return computes ? 'critical' : 'high';
  return costMs >= 200 && computes ? 'high' : 'medium';
}

function findingOf(
  evidence: Input,
  record: LatencyRecord,
  { costMs, computes }: { costMs: number; computes: boolean },
): Finding {
  const place = computes ? hottest(evidence) : undefined;
  const { catalogue, target } = evidence;
  const where = place?.location === undefined ? '' : `, at ${formatPlace(place.location, target.cwd)}`;
  const size =
    catalogue === undefined
      ? ''
      : ` to list ${plural(catalogue.tools.length, 'tool')} (${count(Math.ceil(catalogue.toolsListBytes / 1024))} KiB on ${plural(catalogue.toolsListPages, 'page')})`;
  const unsure = !computes && record.mainCpuMsPerCall === null;
  return makeFinding({
    id: ID,
    tool: METHOD,
    location: place?.location,
    variant: computes ? 'cpu' : 'wait',
    severity: severityOf(costMs, computes),
    confidence: unsure ? 'suspected' : 'measured',
    title: `tools/list takes ${ms(costMs)} ${computes ? 'of CPU on the main thread' : 'of waiting (median)'} each time${size}${where}`,
    evidence: exhibits(evidence, record, place),
    cost: { value: figure(costMs), unit: computes ? 'ms CPU' : 'ms', per: 'call' },
    fix: computes
      ? 'Build the list once and keep it: register tools at start-up, hoist schemas out of per-request factories, give the low-level server a `tools/list` handler that returns JSON Schema already converted, and rebuild it only when tools change. Fewer and smaller schemas, or pages, help as well.'
      : 'Do not wait for other services while listing: fetch what the list depends on at start-up or in the background, keep it, and send `notifications/tools/list_changed` when it changes.',
    verify: {
      command: verifyCommand('slow-tools-list', target),
      expect: `exit code 0: tools/list takes less than ${computes ? `${CPU_MS} ms of CPU` : `${WAIT_MS} ms`}`,
    },
  });
}

/** Where listings hold the loop; undefined when the inside was not seen, or shows it only now and then. */
function hottest(evidence: Input): HoldGroup | undefined {
  const { blocking } = evidence;
  if (blocking === undefined) return undefined;
  const calls = blocking.subjects.find((subject) => subject.name === METHOD)?.calls ?? 0;
  const holds = holdsOf(blocking).filter((hold) => hold.stretch.subject === METHOD && hold.cause !== 'gc');
  return recurs(distinctCalls(holds), calls) ? groupByPlace(holds, homeOf(evidence.target))[0] : undefined;
}

function exhibits(evidence: Input, record: LatencyRecord, place: HoldGroup | undefined): readonly Exhibit[] {
  const { catalogue } = evidence;
  const stack = place?.holds[0].stretch.stack ?? [];
  return [
    {
      kind: 'table',
      title: 'tools/list, one call at a time',
      columns: ['calls', 'p50 ms', 'p99 ms', 'CPU ms per call', 'tools', 'bytes', 'pages'],
      rows: [
        [
          record.outcomes.calls,
          record.latencyMs === null ? 'not measured' : figure(record.latencyMs.p50),
          record.latencyMs === null ? 'not measured' : figure(record.latencyMs.p99),
          record.mainCpuMsPerCall === null ? 'unknown' : figure(record.mainCpuMsPerCall),
          catalogue?.tools.length ?? 'unknown',
          catalogue?.toolsListBytes ?? 'unknown',
          catalogue?.toolsListPages ?? 'unknown',
        ],
      ],
    },
    ...(stack.length === 0 ? [] : [{ kind: 'stack' as const, title: 'Where the time goes', frames: stack }]),
  ];
}
