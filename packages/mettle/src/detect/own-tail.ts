import {
  distinctCalls,
  formatPlace,
  groupByPlace,
  holdsOf,
  homeOf,
  type HoldGroup,
} from '../derive/index.ts';
import type { DetectorInput, Exhibit, Finding, LatencyRecord } from '../evidence/index.ts';
import { median } from '../stats/order.ts';
import { count, figure, ms, plural, quoted } from './figures.ts';
import { askedFor, makeFinding, verifyCommand } from './finding.ts';
import { recurs, severityOfDelay } from './judgement.ts';
import { holdingWhat, remedyFor } from './remedies.ts';

/** Under 200 calls one in a hundred is one or two calls: an accident. */
const CALLS_TO_JUDGE = 200;
const SLOW_CALLS = 5;
const SLOW_SHARE = 0.01;
/** Without a clock of the host's delays only a share that a preempted process seldom reaches is believed. */
const SLOW_SHARE_BLIND = 0.05;
/** As many as a latency record holds. */
const SLOWEST_ON_RECORD = 50;
/** Ten times the median is what the 99th percentile of a healthy call seldom exceeds on a quiet machine. */
const TAIL_RATIO = 10;
const TAIL_MS = 50;
/** A stretch on the loop explains a slow call from here on. */
const EXPLAINS_MS = 20;
/** And when it makes up this part of what the slow calls take more than usual: the larger part is then its. */
const EXPLAINED_SHARE = 0.5;
/** Host delay in more than this part of the slowest calls' time: the machine, not the server, made them slow. */
const STARVED_SHARE = 0.05;

type Input = DetectorInput<'latency' | 'target'>;

/** Tools whose own calls, one at a time and with no other load, sometimes take ten times as long as usual. */
export function ownTails(id: string, evidence: Input): readonly Finding[] {
  return evidence.latency.subjects.flatMap((record) => {
    const slow = slowCalls(record);
    if (slow === null) return [];
    const place = ownHold(evidence, record.subject.name, median(slow.latenciesMs) - slow.p50Ms);
    if (place !== undefined) return [tailFinding(id, evidence, record, { slow, place })];
    // Nothing seen inside explains it: then it may wait for something, or the machine held up the driver, a worker
    // thread or a child process, whose delays no clock shows. On a busy machine that is no evidence.
    return starved(evidence, record) ? [] : [tailFinding(id, evidence, record, { slow, place: undefined })];
  });
}

interface SlowCalls {
  /** Net of the host's delay where that is known, slowest first. */
  readonly latenciesMs: readonly number[];
  readonly p50Ms: number;
  readonly calls: number;
}

function slowCalls(record: LatencyRecord): SlowCalls | null {
  const { latencyMs, outcomes } = record;
  const calls = outcomes.calls - outcomes.errors;
  if (latencyMs === null || calls < CALLS_TO_JUDGE || latencyMs.p99 < TAIL_RATIO * latencyMs.p50) return null;
  const blind = record.slowest.every((call) => call.hostDelayMs === null);
  const fromMs = Math.max(TAIL_RATIO * latencyMs.p50, latencyMs.p50 + TAIL_MS);
  const nets = record.slowest
    .filter((call) => call.ok && (blind || call.hostDelayMs !== null))
    .map((call) => call.latencyMs - (call.hostDelayMs ?? 0));
  const latenciesMs = nets.filter((net) => net >= fromMs).toSorted((a, b) => b - a);
  const needed = Math.max(SLOW_CALLS, (blind ? SLOW_SHARE_BLIND : SLOW_SHARE) * calls);
  // Only so many are on record: when every one of them is slow, there are likely more.
  return latenciesMs.length >= Math.min(needed, SLOWEST_ON_RECORD)
    ? { latenciesMs, p50Ms: latencyMs.p50, calls }
    : null;
}

/** Where the subject's own calls hold the loop now and then, long enough for the excess; undefined when they do not, or always do. */
function ownHold(evidence: Input, subject: string, excessMs: number): HoldGroup | undefined {
  const { blocking } = evidence;
  if (blocking === undefined) return undefined;
  const calls = blocking.subjects.find((entry) => entry.name === subject)?.calls ?? 0;
  const holds = holdsOf(blocking).filter(
    (hold) =>
      hold.stretch.subject === subject && hold.costMs >= Math.max(EXPLAINS_MS, EXPLAINED_SHARE * excessMs),
  );
  const affected = distinctCalls(holds);
  // What half of the calls do is their median, not their tail.
  if (!recurs(affected, calls) || affected > calls / 2) return undefined;
  return groupByPlace(holds, homeOf(evidence.target))[0];
}

function starved(evidence: Input, record: LatencyRecord): boolean {
  const { cores, loadAverage1m } = evidence.target.machine;
  if (loadAverage1m > cores) return true;
  const delayMs = record.slowest.reduce((sum, call) => sum + (call.hostDelayMs ?? 0), 0);
  const totalMs = record.slowest.reduce((sum, call) => sum + call.latencyMs, 0);
  return delayMs > STARVED_SHARE * totalMs;
}

function tailFinding(
  id: string,
  evidence: Input,
  record: LatencyRecord,
  { slow, place }: { slow: SlowCalls; place: HoldGroup | undefined },
): Finding {
  const { name } = record.subject;
  const typicalMs = median(slow.latenciesMs);
  const where =
    place?.location === undefined ? '' : `, at ${formatPlace(place.location, evidence.target.cwd)}`;
  const why =
    place === undefined
      ? 'and nothing on the event loop explains it'
      : `${holdingWhat(place)} on the event loop${where}`;
  const [dearest] = place?.holds ?? [];
  const sure = dearest !== undefined && place?.holds.every((hold) => hold.certain) === true;
  return makeFinding({
    id,
    tool: name,
    location: place?.location,
    severity:
      dearest === undefined
        ? 'low'
        : severityOfDelay(typicalMs - slow.p50Ms, slow.latenciesMs.length / slow.calls),
    confidence: sure ? 'measured' : 'suspected',
    title: `${quoted(name)} takes ${ms(slow.p50Ms)} (median) but ${ms(typicalMs)} in ${count(slow.latenciesMs.length)} of ${plural(slow.calls, 'call')}, called alone, ${why}`,
    evidence: exhibits(record, slow, place),
    cost: { value: figure(typicalMs - slow.p50Ms), unit: 'ms of delay', per: 'call' },
    fix:
      dearest === undefined
        ? 'Look at what the call waits for: a remote service, a connection that is opened anew, a cache that expires. Set a time-out, keep connections open, and refresh caches before they expire.'
        : remedyFor(dearest.cause, dearest.stretch.stack, place?.location?.function),
    verify: {
      command: verifyCommand('latency-tail', evidence.target, askedFor(name, evidence.exercise)),
      expect: `exit code 0: ${quoted(name)} answers within ten times its median in 99 of 100 calls`,
    },
  });
}

function exhibits(record: LatencyRecord, slow: SlowCalls, place: HoldGroup | undefined): readonly Exhibit[] {
  const stack = place?.holds[0].stretch.stack ?? [];
  const quantiles = record.latencyMs;
  return [
    {
      kind: 'table',
      title: 'Latency, one call at a time',
      columns: ['p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'slowest without host delay ms'],
      rows:
        quantiles === null
          ? []
          : [
              [
                figure(quantiles.p50),
                figure(quantiles.p95),
                figure(quantiles.p99),
                figure(quantiles.max),
                slow.latenciesMs
                  .slice(0, 5)
                  .map((value) => figure(value))
                  .join(', '),
              ],
            ],
    },
    ...(stack.length === 0
      ? []
      : [{ kind: 'stack' as const, title: 'What held the event loop in such calls', frames: stack }]),
  ];
}
