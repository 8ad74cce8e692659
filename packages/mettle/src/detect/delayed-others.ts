import {
  distinctCalls,
  formatPlace,
  groupByPlace,
  homeOf,
  culprits,
  type Culprit,
  type HoldGroup,
} from '../derive/index.ts';
import type { DetectorInput, Exhibit, Finding, LatencyRecord } from '../evidence/index.ts';
import { median } from '../stats/order.ts';
import { count, figure, ms, percent, quoted } from './figures.ts';
import { isTool, makeFinding, verifyCommand } from './finding.ts';
import { recurs, severityOfDelay } from './judgement.ts';
import { holdingWhat, remedyFor } from './remedies.ts';

/** In fewer delayed calls than this, or than one in a hundred, no percentile that anyone watches has moved. */
const VICTIMS_TO_BELIEVE = 5;
const VICTIM_SHARE = 0.01;

type Input = DetectorInput<'latency' | 'target'>;

/** One finding per tool that makes the calls of other tools wait: the tail is theirs, the cause is its. */
export function delayedOthers(id: string, evidence: Input): readonly Finding[] {
  const { blocking } = evidence;
  if (blocking === undefined) return [];
  const calls = new Map(blocking.subjects.map((subject) => [subject.name, subject.calls]));
  return culprits(blocking, evidence.latency).flatMap((culprit) => {
    const enough = culprit.victims.length >= Math.max(VICTIMS_TO_BELIEVE, VICTIM_SHARE * culprit.others);
    const delaying = distinctCalls(culprit.holds);
    // Timers have no count of calls to compare with; three times is again and again there too.
    const again =
      culprit.subject === null
        ? delaying >= 3
        : recurs(delaying, Math.max(calls.get(culprit.subject) ?? 0, delaying));
    const [place] = groupByPlace(culprit.holds, homeOf(evidence.target));
    if (!enough || !again || place === undefined) return [];
    if (culprit.subject === null && place.location === undefined) return [];
    return [culpritFinding(id, evidence, culprit, place)];
  });
}

function culpritFinding(id: string, evidence: Input, culprit: Culprit, place: HoldGroup): Finding {
  const { subject, victims, others } = culprit;
  const typicalMs = median(victims.map((victim) => victim.waitedMs));
  const share = victims.length / others;
  const who = subject === null ? 'A timer or other callback that no call started' : quoted(subject);
  const where =
    place.location === undefined ? '' : `, at ${formatPlace(place.location, evidence.target.cwd)}`;
  const [dearest] = place.holds;
  const worst = byTool(culprit)[0]?.name;
  const tools = [subject, worst].filter((name) => name !== null && name !== undefined);
  const toolsOnly = tools.length === 2 && tools.every((name) => isTool(name, evidence.exercise));
  return makeFinding({
    id,
    tool: subject,
    location: place.location,
    severity: severityOfDelay(typicalMs, share),
    confidence: culprit.holds.every((hold) => hold.certain) ? 'measured' : 'suspected',
    title: `${who} makes ${percent(share)} of the other calls (${count(victims.length)} of ${count(others)}) wait ${ms(typicalMs)} (median) for the event loop, ${holdingWhat(place)}${where}`,
    evidence: exhibits(evidence, culprit, place),
    cost: { value: figure(typicalMs), unit: 'ms of delay', per: 'call' },
    fix: remedyFor(dearest.cause, dearest.stretch.stack, place.location?.function),
    verify: {
      command: verifyCommand('latency-tail', evidence.target, toolsOnly ? tools : []),
      expect: `exit code 0: other calls no longer wait for ${subject === null ? 'it' : quoted(subject)}`,
    },
  });
}

interface VictimTool {
  readonly name: string;
  readonly calls: number;
  readonly waitsMs: readonly number[];
}

/** Victims per subject, the one with most delayed calls first. */
function byTool({ victims }: Culprit): readonly VictimTool[] {
  const tools = new Map<string, number[]>();
  for (const { call, waitedMs } of victims) {
    const waits = tools.get(call.subject);
    if (waits === undefined) tools.set(call.subject, [waitedMs]);
    else waits.push(waitedMs);
  }
  return [...tools]
    .map(([name, waitsMs]) => ({ name, calls: waitsMs.length, waitsMs }))
    .toSorted((a, b) => b.calls - a.calls);
}

function exhibits(evidence: Input, culprit: Culprit, place: HoldGroup): readonly Exhibit[] {
  const alone = recordsByName(evidence.latency.subjects);
  const mixed = recordsByName(evidence.mixedLatency?.subjects ?? []);
  const calls = evidence.blocking?.driverCalls ?? [];
  const shown = (value: number | undefined): number | string =>
    value === undefined ? 'not measured' : figure(value);
  const stack = place.holds[0].stretch.stack;
  return [
    {
      kind: 'table',
      title: 'Whose calls waited',
      columns: [
        'tool',
        'calls',
        'delayed',
        'median wait ms',
        'alone p50 ms',
        'alone p99 ms',
        'all together p99 ms',
      ],
      rows: byTool(culprit).map((tool) => [
        tool.name,
        calls.filter((call) => call.subject === tool.name).length,
        tool.calls,
        figure(median(tool.waitsMs)),
        shown(alone.get(tool.name)?.latencyMs?.p50),
        shown(alone.get(tool.name)?.latencyMs?.p99),
        shown(mixed.get(tool.name)?.latencyMs?.p99),
      ]),
    },
    ...(stack.length === 0
      ? []
      : [{ kind: 'stack' as const, title: 'What held the event loop meanwhile', frames: stack }]),
  ];
}

function recordsByName(records: readonly LatencyRecord[]): ReadonlyMap<string, LatencyRecord> {
  return new Map(records.map((record) => [record.subject.name, record]));
}
