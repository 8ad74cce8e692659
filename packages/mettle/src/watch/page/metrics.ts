import type { InsideFacts } from '../../evidence/index.ts';
import type { Watcher } from '../watcher.ts';

/** What the servers' own runtimes told, so that inside and outside stand on one page. */
const INSIDE: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: (facts: InsideFacts) => number | null;
}[] = [
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
];

/** The Prometheus text format. Durations of MCP operations bear OpenTelemetry's name for them, in seconds. */
export async function metrics(watcher: Watcher): Promise<string> {
  const { servers } = watcher.config;
  const label = (text: string): string =>
    text.replace(/[\\"\n]/g, (c) => (c === '\n' ? String.raw`\n` : `\\${c}`));
  const standings = await watcher.history.standings(servers.map(({ name }) => name));
  const looked = servers.flatMap(({ name }) => {
    const { last = null, isDown = false } = standings.get(name) ?? {};
    return last === null ? [] : [{ name: label(name), last, down: isDown }];
  });
  const lines = [
    '# HELP mettle_probe_up Whether the server counts as up.',
    '# TYPE mettle_probe_up gauge',
    ...looked.map(({ name, down }) => `mettle_probe_up{server="${name}"} ${down ? '0' : '1'}`),
    '# HELP mettle_probe_duration_seconds The whole of the last look.',
    '# TYPE mettle_probe_duration_seconds gauge',
    ...looked.map(
      ({ name, last }) => `mettle_probe_duration_seconds{server="${name}"} ${seconds(last.durationMs)}`,
    ),
    '# HELP mettle_probe_phase_duration_seconds A phase of the last look.',
    '# TYPE mettle_probe_phase_duration_seconds gauge',
    ...looked.flatMap(({ name, last }) =>
      last.phases.map(
        ({ phase, durationMs }) =>
          `mettle_probe_phase_duration_seconds{server="${name}",phase="${phase}"} ${seconds(durationMs)}`,
      ),
    ),
    '# HELP mcp_client_operation_duration_seconds The last listing of tools (OpenTelemetry: mcp.client.operation.duration).',
    '# TYPE mcp_client_operation_duration_seconds gauge',
    ...looked.flatMap(({ name, last }) =>
      last.listMs
        .slice(0, 1)
        .map(
          (ms) =>
            `mcp_client_operation_duration_seconds{server="${name}",mcp_method_name="tools/list"} ${seconds(ms)}`,
        ),
    ),
    '# HELP mettle_probe_certificate_expiry_timestamp_seconds When the certificate chain expires.',
    '# TYPE mettle_probe_certificate_expiry_timestamp_seconds gauge',
    ...looked.flatMap(({ name, last }) =>
      last.certificate === null
        ? []
        : [
            `mettle_probe_certificate_expiry_timestamp_seconds{server="${name}"} ${String(Date.parse(last.certificate.validTo) / 1000)}`,
          ],
    ),
    ...INSIDE.flatMap(({ name, help, of }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...looked.flatMap(({ name: server, last }) => {
        const facts = last.inside?.facts ?? null;
        const value = facts === null ? null : of(facts);
        return value === null ? [] : [`${name}{server="${server}"} ${String(value)}`];
      }),
    ]),
    '# HELP mettle_probe_looks_total Looks taken since the watcher started.',
    '# TYPE mettle_probe_looks_total counter',
    `mettle_probe_looks_total ${String(watcher.looks)}`,
    '# HELP mettle_probe_skipped_total Looks not taken since the watcher started: the one before lasted too long.',
    '# TYPE mettle_probe_skipped_total counter',
    `mettle_probe_skipped_total ${String(watcher.skipped)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(6);
}
