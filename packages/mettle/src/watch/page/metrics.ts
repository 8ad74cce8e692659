import { setImmediate } from 'node:timers/promises';
import type { InsideFacts, ProbeOutcome } from '../../evidence/index.ts';
import { HOUR_MS, LOCAL, type RegionStanding } from '../store/history.ts';
import { allMissed, MISS_REASONS } from '../store/missed.ts';
import type { Watcher } from '../watcher.ts';

/** A server that was looked at. */
interface Looked {
  /** `server="its name"` */
  readonly label: string;
  readonly isDown: boolean;
  readonly last: ProbeOutcome;
  /** Those that look at present; none where there is but one place. */
  readonly regions: readonly RegionStanding[];
}
interface Sample {
  /** Besides that of the server. */
  readonly label?: string;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly of: (looked: Looked) => readonly Sample[];
}

/** What is seen from outside. Durations of MCP operations bear OpenTelemetry's name for them; all are in seconds. */
const OUTSIDE: readonly Metric[] = [
  {
    name: 'mettle_probe_up',
    help: 'Whether the server counts as up.',
    of: ({ isDown }) => [{ value: isDown ? 0 : 1 }],
  },
  {
    name: 'mettle_probe_region_up',
    help: 'Whether it counts as up by what one region sees.',
    of: ({ regions }) =>
      regions.map(({ region, isDown }) => ({ label: `region="${escaped(region)}"`, value: isDown ? 0 : 1 })),
  },
  {
    name: 'mettle_probe_duration_seconds',
    help: 'The whole of the last look.',
    of: ({ last }) => [{ value: last.durationMs / 1000 }],
  },
  {
    name: 'mettle_probe_phase_duration_seconds',
    help: 'A phase of the last look.',
    of: ({ last }) =>
      last.phases.map(({ phase, durationMs }) => ({ label: `phase="${phase}"`, value: durationMs / 1000 })),
  },
  {
    name: 'mcp_client_operation_duration_seconds',
    help: 'The last listing of tools (OpenTelemetry: mcp.client.operation.duration).',
    of: ({ last }) =>
      last.listMs.slice(0, 1).map((ms) => ({ label: 'mcp_method_name="tools/list"', value: ms / 1000 })),
  },
  {
    name: 'mettle_probe_certificate_expiry_timestamp_seconds',
    help: 'When the certificate chain expires.',
    of: ({ last }) =>
      last.certificate === null ? [] : [{ value: Date.parse(last.certificate.validTo) / 1000 }],
  },
];

/** What the servers' own runtimes told, so that inside and outside stand on one page. */
const INSIDE: readonly Metric[] = (
  [
    {
      name: 'mettle_inside_overloaded',
      help: '1 while the server says that it is overloaded.',
      of: ({ status }) => (status === 'overloaded' ? 1 : 0),
    },
    {
      name: 'mettle_inside_heap_used_bytes',
      help: 'JavaScript heap in use in the server.',
      of: ({ heapBytes }) => heapBytes,
    },
    {
      name: 'mettle_inside_heap_limit_bytes',
      help: 'Limit of that heap.',
      of: ({ heapLimitBytes }) => heapLimitBytes,
    },
    {
      name: 'mettle_inside_resident_bytes',
      help: 'Resident memory of the server.',
      of: ({ rssBytes }) => rssBytes,
    },
    {
      name: 'mettle_inside_event_loop_delay_seconds',
      help: 'How late its event loop was.',
      of: ({ eventLoopDelayMs }) => (eventLoopDelayMs === null ? null : eventLoopDelayMs / 1000),
    },
    {
      name: 'mettle_inside_event_loop_utilization',
      help: 'How busy its event loop was, 0 to 1.',
      of: ({ eventLoopUtilization }) => eventLoopUtilization,
    },
    { name: 'mettle_inside_running', help: 'Calls that run in it.', of: ({ running }) => running },
    { name: 'mettle_inside_queued', help: 'Calls that wait in it.', of: ({ queued }) => queued },
    {
      name: 'mettle_inside_refused',
      help: 'Calls that it refused since its start.',
      of: ({ refused }) => refused,
    },
  ] satisfies { name: string; help: string; of: (facts: InsideFacts) => number | null }[]
).map(({ name, help, of }) => ({
  name,
  help,
  of: ({ last }) => {
    const facts = last.inside?.facts ?? null;
    const value = facts === null ? null : of(facts);
    return value === null ? [] : [{ value }];
  },
}));

/** The Prometheus text format. With thousands of servers it takes a while, in which looks go on. */
export async function metrics(watcher: Watcher): Promise<string> {
  const { servers } = watcher.config;
  const standings = await watcher.history.standings(servers.map(({ name }) => name));
  const { reasons } = allMissed((await watcher.missed(Date.now() - HOUR_MS, standings)).values());
  const looked: readonly Looked[] = servers.flatMap(({ name }) => {
    const { last = null, isDown = false, regions = [] } = standings.get(name) ?? {};
    const alive = regions.filter(({ region, isAlive }) => isAlive && region !== LOCAL);
    return last === null ? [] : [{ label: `server="${escaped(name)}"`, last, isDown, regions: alive }];
  });
  const parts: string[] = [];
  for (const { name, help, of } of [...OUTSIDE, ...INSIDE]) {
    parts.push(...about(name, help, 'gauge'));
    for (const each of looked)
      for (const { label, value } of of(each))
        parts.push(`${name}{${each.label}${label === undefined ? '' : `,${label}`}} ${figure(value)}`);
    await setImmediate();
  }
  parts.push(
    ...about('mettle_probe_looks_total', 'Looks taken since the watcher started.', 'counter'),
    `mettle_probe_looks_total ${String(watcher.looks)}`,
    ...about(
      'mettle_probe_missed_slots',
      'Looks that were due in the last hour and were not taken, of all servers and regions, by reason.',
      'gauge',
    ),
    ...MISS_REASONS.map(
      (reason) => `mettle_probe_missed_slots{reason="${reason}"} ${String(reasons[reason] ?? 0)}`,
    ),
  );
  return `${parts.join('\n')}\n`;
}

function about(name: string, help: string, type: 'gauge' | 'counter'): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(6);
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (c) => (c === '\n' ? String.raw`\n` : `\\${c}`));
}
