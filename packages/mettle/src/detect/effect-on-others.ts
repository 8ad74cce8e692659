import { besideCallsOf } from '../derive/beside.ts';
import { culprits } from '../derive/index.ts';
import type { DetectorInput, Exhibit, LatencyRecord } from '../evidence/index.ts';
import { median } from '../stats/order.ts';
import { figure } from './figures.ts';

/** Tools shown; further ones are affected less. */
const ROWS = 20;

/** What a tool does to the others: their latency while it has a call in flight, against their latency alone. */
export function effectOnOthers(evidence: DetectorInput<'blocking'>, subject: string): readonly Exhibit[] {
  const { blocking, latency } = evidence;
  const beside = besideCallsOf(blocking, subject);
  const waits = new Map<string, number[]>();
  for (const { call, waitedMs } of culprits(blocking, latency).find((entry) => entry.subject === subject)
    ?.victims ?? []) {
    const known = waits.get(call.subject);
    if (known === undefined) waits.set(call.subject, [waitedMs]);
    else known.push(waitedMs);
  }
  const few = [...waits.keys()].filter((name) => !beside.some((entry) => entry.subject === name));
  const rows = [
    ...beside.map(({ subject: name, calls, p50Ms, p99Ms }) => ({ name, calls, p50Ms, p99Ms })),
    ...few.map((name) => ({ name, calls: waits.get(name)?.length ?? 0, p50Ms: null, p99Ms: null })),
  ];
  if (rows.length === 0) return [];
  const alone = new Map(latency?.subjects.map((record) => [record.subject.name, record.latencyMs]));
  return [
    {
      kind: 'table',
      title: `Calls of the others while ${subject} runs, against alone`,
      columns: [
        'tool',
        'calls beside it',
        'delayed by it',
        'median wait ms',
        'p50 alone ms',
        'p50 beside it ms',
        'p99 alone ms',
        'p99 beside it ms',
      ],
      rows: rows.slice(0, ROWS).map(({ name, calls, p50Ms, p99Ms }) => {
        const lone: LatencyRecord['latencyMs'] = alone.get(name) ?? null;
        const waited = waits.get(name) ?? [];
        return [
          name,
          calls,
          waited.length,
          waited.length === 0 ? '–' : figure(median(waited)),
          shown(lone?.p50),
          shown(p50Ms),
          shown(lone?.p99),
          shown(p99Ms),
        ];
      }),
    },
  ];
}

function shown(value: number | null | undefined): number | string {
  return value === null || value === undefined ? 'not measured' : figure(value);
}
