import {
  distinctCalls,
  formatPlace,
  groupByPlace,
  holdsOf,
  homeOf,
  type Hold,
  type HoldGroup,
  type Home,
} from '../../derive/index.ts';
import type { Detector, DetectorInput, Finding, StackExhibit, TableExhibit } from '../../evidence/index.ts';
import { median } from '../../stats/order.ts';
import { count, figure, ms, percent, plural, quoted } from '../figures.ts';
import { askedFor, makeFinding, verifyCommand } from '../finding.ts';
import { heldLoop } from '../held-loop.ts';
import { recurs, severityOfDelay } from '../judgement.ts';
import { holdingWhat, remedyFor } from '../remedies.ts';

const ID = 'blocked-event-loop';
/** Half of what a person notices as a delay (100 ms), since two such calls seldom come alone. */
const BLOCK_MS = 50;
/** A wait that no stack vouches for may be the hypervisor's; that hits calls at random, a tool's own wait hits most. */
const UNEXPLAINED_SHARE = 0.25;
const ROWS = 5;

type Input = DetectorInput<'blocking' | 'target'>;

/** A tool, or a timer's callback, during which no other call can be answered for 50 ms or more, again and again. */
export const blockedEventLoop: Detector<'blocking' | 'target'> = {
  id: ID,
  check: 'cpu',
  needs: ['blocking', 'target'],
  mayUse: ['exercise'],

  detect(evidence) {
    const home = homeOf(evidence.target);
    const { subjects } = evidence.blocking;
    const perCall = subjects
      // slow-tools-list has its own finding.
      .filter((subject) => subject.name !== 'tools/list')
      .flatMap(({ name, calls }) =>
        recurring(longHolds(evidence, name), calls, home).map((group) =>
          findingOf(evidence, { name, calls, group, home }),
        ),
      );
    const again = [...perCall, ...withoutCall(evidence, home)];
    return [...again, ...heldLoop(ID, evidence, again)];
  },

  looked(evidence) {
    const { subjects, observedMs } = evidence.blocking;
    const calls = subjects.reduce((sum, subject) => sum + subject.calls, 0);
    const longest = holdsOf(evidence.blocking)[0]?.costMs;
    const held =
      longest === undefined
        ? `no stretch of the main thread over ${ms(evidence.blocking.thresholdMs)}`
        : `the loop was held for at most ${ms(longest)} at a time`;
    return `${plural(calls, 'call')} of ${plural(subjects.length, 'subject')} over ${ms(observedMs)}: ${held}`;
  },
};

function longHolds(evidence: Input, subject: string | null): readonly Hold[] {
  return holdsOf(evidence.blocking).filter(
    (hold) => hold.costMs >= BLOCK_MS && hold.stretch.subject === subject,
  );
}

/** The places where the subject's calls hold the loop again and again; empty when they do not. */
function recurring(holds: readonly Hold[], calls: number, home: Home): readonly HoldGroup[] {
  const explained = holds.filter((hold) => hold.cause !== 'unexplained-wait');
  const believed = recurs(distinctCalls(explained), calls)
    ? explained
    : distinctCalls(holds) >= UNEXPLAINED_SHARE * calls
      ? holds
      : [];
  if (!recurs(distinctCalls(believed), calls)) return [];
  const places = groupByPlace(believed, home);
  const each = places.filter((group) => recurs(group.calls, calls));
  const [largest] = places;
  if (each.length > 0 || largest === undefined) return each;
  // Calls that stand still now here, now there: one finding, shown at the most frequent place.
  const elsewhere = places.slice(1).flatMap((group) => group.holds);
  return [
    { location: largest.location, holds: [...largest.holds, ...elsewhere], calls: distinctCalls(believed) },
  ];
}

interface Place {
  readonly name: string;
  readonly calls: number;
  readonly group: HoldGroup;
  readonly home: Home;
}

function findingOf(evidence: Input, { name, calls, group, home }: Place): Finding {
  const costs = group.holds.map((hold) => hold.costMs);
  const typicalMs = median(costs);
  const [dearest] = group.holds;
  const total = Math.max(calls, group.calls);
  const where = group.location === undefined ? '' : `, at ${formatPlace(group.location, home.cwd)}`;
  return makeFinding({
    id: ID,
    tool: name,
    location: group.location,
    variant: dearest.cause === 'gc' ? 'gc' : '',
    severity: severityOfDelay(typicalMs, group.calls / total),
    confidence: group.holds.every((hold) => hold.certain) ? 'measured' : 'suspected',
    title: `${quoted(name)} holds the event loop for ${ms(typicalMs)} (median) in ${count(group.calls)} of ${plural(total, 'call')}, ${holdingWhat(group)}${where}`,
    evidence: exhibits(group, name),
    cost: { value: figure(typicalMs), unit: 'ms blocked', per: 'call' },
    fix: remedyFor(dearest.cause, dearest.stretch.stack, group.location?.function),
    verify: {
      command: verifyCommand('blocked-event-loop', evidence.target, askedFor(name, evidence.exercise)),
      expect: `exit code 0: calls of ${quoted(name)} no longer hold the event loop for ${BLOCK_MS} ms`,
    },
  });
}

function withoutCall(evidence: Input, home: Home): readonly Finding[] {
  // Without a line of the server's own there is nothing to point at, and it may be the instrument's start or stop.
  return groupByPlace(longHolds(evidence, null), home)
    .filter(
      (group) =>
        group.location !== undefined &&
        group.holds[0].cause !== 'gc' &&
        recurs(group.calls, group.calls) &&
        group.calls >= 3,
    )
    .map((group) => {
      const costs = group.holds.map((hold) => hold.costMs);
      const typicalMs = median(costs);
      const [dearest] = group.holds;
      const where = group.location === undefined ? '' : `, at ${formatPlace(group.location, home.cwd)}`;
      const share = costs.reduce((sum, cost) => sum + cost, 0) / evidence.blocking.observedMs;
      return makeFinding({
        id: ID,
        tool: null,
        location: group.location,
        severity: severityOfDelay(typicalMs, share),
        confidence: group.holds.every((hold) => hold.certain) ? 'measured' : 'suspected',
        title: `A timer or other callback that no call started holds the event loop for ${ms(typicalMs)} (median), ${plural(group.calls, 'time')} in ${ms(evidence.blocking.observedMs)}, ${holdingWhat(group)}${where}`,
        evidence: exhibits(group, 'no call'),
        cost: { value: figure(share * 1000), unit: 'ms blocked', per: 'second' },
        fix: `${remedyFor(dearest.cause, dearest.stretch.stack, group.location?.function)} If the work need not be done while calls run, do it less often or in small portions.`,
        verify: {
          command: verifyCommand('blocked-event-loop', evidence.target),
          expect: `exit code 0: nothing holds the event loop for ${BLOCK_MS} ms`,
        },
      });
    });
}

function exhibits(group: HoldGroup, name: string): readonly (TableExhibit | StackExhibit)[] {
  const [dearest] = group.holds;
  const table: TableExhibit = {
    kind: 'table',
    title: `Stretches in which the event loop did not turn (${name}; the longest of ${count(group.holds.length)})`,
    columns: ['cost ms', 'wall ms', 'CPU ms', 'host delay ms', 'GC ms'],
    rows: group.holds
      .slice(0, ROWS)
      .map(({ costMs, stretch }) => [
        figure(costMs),
        figure(stretch.wallMs),
        stretch.cpuMs === null ? 'unknown' : figure(stretch.cpuMs),
        stretch.hostDelayMs === null ? 'unknown' : figure(stretch.hostDelayMs),
        figure(stretch.gcMs),
      ]),
  };
  if (dearest.stretch.stack.length === 0) return [table];
  return [
    table,
    {
      kind: 'stack',
      title: `Where it stood (${percent(dearest.stretch.stackShare)} of the samples in the longest)`,
      frames: dearest.stretch.stack,
    },
  ];
}
