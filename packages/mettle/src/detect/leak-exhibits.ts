import type { Exhibit, HeapGrowth, HeapGrowthEvidence, HeapRound } from '../evidence/index.ts';
import { callsBehind, exhaustionOf, responsible, type Leak } from '../derive/leaks/index.ts';
import { binaryBytes, figure } from './figures.ts';
import { bytesASecond, bytesEach, duration, holderOf, occasionOf } from './leak-words.ts';

/** Sizes read while a bound was looked for: so many fill a line. */
const READINGS_TOLD = 8;
/** Rates for which the time to the limit is reckoned: a quiet server, a used one, a busy one. */
const CALLS_A_SECOND = [1, 10, 100];

/** What a leak rests on: who holds it, how it grew round by round, what it is made of, where it grows, when memory is full. */
export function leakExhibits(evidence: HeapGrowthEvidence, leak: Leak): readonly Exhibit[] {
  const { growth, beside, site } = leak;
  return [
    ...(growth === null || growth.path.length === 0
      ? []
      : [{ kind: 'retaining-path' as const, title: 'What keeps it in memory', steps: growth.path }]),
    ...(growth === null ? [] : growthExhibits(evidence, growth)),
    ...handleExhibits(evidence, leak),
    ...trendExhibits(leak),
    ...(growth === null || growth.holds.length === 0 ? [] : [heldTable(growth)]),
    ...(beside.length === 0 ? [] : [besideTable(beside)]),
    ...(site.length === 0 ? [] : [{ kind: 'stack' as const, title: 'Where it grows', frames: site }]),
    ...exhaustionTable(evidence, leak),
  ];
}

/** What a leak costs each time, for the severity and the table. */
export function leakingOf(leak: Leak): {
  readonly bytes: number;
  readonly externalBytes: number;
  readonly per: 'call' | 'session' | 'second';
} {
  const each = bytesEach(leak);
  const aSecond = bytesASecond(leak);
  if (each.bytes === 0 && aSecond > 0) return { bytes: aSecond, externalBytes: 0, per: 'second' };
  const per = leak.subjects[0]?.kind === 'session' ? 'session' : 'call';
  return { bytes: each.bytes, externalBytes: each.external, per };
}

function growthExhibits(evidence: HeapGrowthEvidence, growth: HeapGrowth): readonly Exhibit[] {
  const made = callsBehind(evidence, growth, responsible(growth));
  const rounds = evidence.rounds.map((round, r) => ({
    round,
    calls: made[r] ?? 0,
    kept: growth.counts[r] ?? 0,
  }));
  let [calls, kept, elapsedMs] = [0, 0, 0];
  const points = rounds
    .filter(({ round }) => round.kind !== 'warm-up')
    .map((each): readonly [number, number] => {
      calls += each.calls;
      kept += each.kept;
      elapsedMs += each.round.durationMs;
      return growth.driver === 'time' ? [figure(elapsedMs / 1000), kept] : [calls, kept];
    });
  const more = growth.bound.kind === 'none' ? lastChanges(growth.bound.sizes) : [];
  return [
    {
      kind: 'table',
      title: 'Objects that are still there at the end, by the round that made them',
      columns: ['round', 'calls', 'kept', 'kept per call'],
      rows: rounds.map((each, i) => [
        `${i} (${ROUND_NAMES[each.round.kind]})`,
        each.calls,
        each.kept,
        each.calls === 0 ? '–' : figure(each.kept / each.calls),
      ]),
    },
    {
      kind: 'series',
      title: 'How it grows',
      xLabel: growth.driver === 'time' ? 'seconds' : 'calls',
      yLabel: 'objects kept',
      series: [{ name: growth.element.description, points: [[0, 0], ...points] }],
    },
    ...(more.length < 2 ? [] : [furtherTable(more)]),
  ];
}

const ROUND_NAMES: Readonly<Record<HeapRound['kind'], string>> = {
  'warm-up': 'warming up',
  fresh: 'new arguments',
  repeat: 'arguments used before',
  idle: 'no calls',
};

/** Readings that say something new; the last few of them. */
function lastChanges(sizes: readonly number[]): readonly number[] {
  return sizes.filter((size, i) => size !== sizes[i - 1]).slice(-READINGS_TOLD);
}

function furtherTable(sizes: readonly number[]): Exhibit {
  return {
    kind: 'table',
    title: 'Its size when the calls went on, to see whether it ends',
    columns: sizes.map((_, i) => (i === 0 ? 'before' : `after ${i}`)),
    rows: [sizes],
  };
}

function handleExhibits({ rounds }: HeapGrowthEvidence, { handles }: Leak): readonly Exhibit[] {
  if (handles.length === 0) return [];
  return [
    {
      kind: 'table',
      title: 'Open after each round',
      columns: [
        'resource',
        'before',
        ...rounds.map(({ kind }, i) => `${i} (${ROUND_NAMES[kind]})`),
        'per call',
      ],
      rows: handles.map(({ resource, readings, perCall }) => [
        resource,
        ...[...rounds.keys(), rounds.length].map((i) => readings[i] ?? '–'),
        figure(perCall),
      ]),
    },
  ];
}

function trendExhibits({ trend }: Leak): readonly Exhibit[] {
  if (trend === null) return [];
  return [
    {
      kind: 'table',
      title: 'Bytes per call that nothing in the heap explains',
      columns: ['memory', 'per call', '95 % interval', 'explained'],
      rows: [
        [
          trend.kind,
          binaryBytes(trend.bytesPerCall),
          trend.low === null || trend.high === null
            ? '–'
            : `${binaryBytes(trend.low)} to ${binaryBytes(trend.high)}`,
          binaryBytes(trend.explainedBytesPerCall),
        ],
      ],
    },
    {
      kind: 'series',
      title: 'After each round, garbage collected',
      xLabel: 'round',
      yLabel: 'MB',
      series: [
        {
          name: trend.kind,
          points: trend.readings.map((value, i): [number, number] => [i, figure(value / 1e6)]),
        },
      ],
    },
  ];
}

function heldTable({ holds }: HeapGrowth): Exhibit {
  return {
    kind: 'table',
    title: 'What each leaves behind',
    columns: ['objects', 'each', 'bytes'],
    rows: holds.map(({ className, perCall, bytesPerCall }) => [
      className,
      figure(perCall),
      Math.round(bytesPerCall),
    ]),
  };
}

function besideTable(beside: readonly HeapGrowth[]): Exhibit {
  return {
    kind: 'table',
    title: 'What grows with it',
    columns: ['in', 'objects', 'grows by'],
    rows: beside.map((growth) => [
      holderOf(growth),
      growth.element.description,
      growth.driver === 'time'
        ? `${figure(growth.objectsPerSecondIdle)} (${binaryBytes(growth.bytesPerSecondIdle)}) a second`
        : `${figure(growth.objectsPerCall)} (${binaryBytes(growth.bytesPerCall)}) per ${occasionOf(growth.subject)}`,
    ]),
  };
}

function exhaustionTable(evidence: HeapGrowthEvidence, leak: Leak): readonly Exhibit[] {
  const leaking = leakingOf(leak);
  const end = exhaustionOf(evidence, leaking);
  if (end === null) return [];
  const what = end.limit === 'heap' ? 'V8’s heap limit' : 'the memory limit';
  const title = `When ${what} of ${binaryBytes(end.limitBytes)} is reached by this alone`;
  if (leaking.per === 'second')
    return [{ kind: 'table', title, columns: ['without any call'], rows: [[duration(end.after)]] }];
  return [
    {
      kind: 'table',
      title,
      columns: ['after', ...CALLS_A_SECOND.map((rate) => `at ${rate} ${leaking.per}s a second`)].map(
        (column) => column.replace('1 calls', '1 call').replace('1 sessions', '1 session'),
      ),
      rows: [
        [
          `${Math.round(end.after).toLocaleString('en-US')} ${leaking.per}s`,
          ...CALLS_A_SECOND.map((rate) => duration(end.after / rate)),
        ],
      ],
    },
  ];
}
