import type { BlockFigures, LatencyFigures, Result } from '../evidence/index.ts';
import { countedFrom } from './bench/words.ts';

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'summary' | 'counter';
  readonly unit?: string;
  readonly help: string;
  readonly lines: readonly string[];
}

/** The figures as OpenMetrics text, for a push gateway or a node exporter's text collector. Times in seconds, as is its custom. */
export function renderOpenMetrics(result: Result): string {
  const metrics = result.bench === undefined ? toolMetrics(result) : benchMetrics(result);
  const text = metrics
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, type, unit, help, lines }) =>
      [
        `# TYPE ${name} ${type}`,
        ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
        `# HELP ${name} ${help}`,
        ...lines,
      ].join('\n'),
    );
  return `${[...text, '# EOF'].join('\n')}\n`;
}

function toolMetrics({ tools, target }: Result): readonly Metric[] {
  const server = target.server?.name ?? '';
  const of = (tool: string, extra: Readonly<Record<string, string>> = {}): string =>
    labels({ server, tool, ...extra });
  return [
    {
      name: 'mettle_call_latency_seconds',
      type: 'summary',
      unit: 'seconds',
      help: 'Latency of successful calls, one at a time.',
      lines: tools.flatMap(({ name, latencyMs }) =>
        latencyMs === null
          ? []
          : (
              [
                ['0.5', latencyMs.p50],
                ['0.95', latencyMs.p95],
                ['0.99', latencyMs.p99],
              ] as const
            ).map(([quantile, ms]) => `mettle_call_latency_seconds${of(name, { quantile })} ${ms / 1000}`),
      ),
    },
    counter(
      'mettle_calls',
      'Calls made.',
      tools.map(({ name, calls }) => `${of(name)} ${calls}`),
    ),
    counter(
      'mettle_call_failures',
      'Calls that failed.',
      tools.map(({ name, errors }) => `${of(name)} ${errors}`),
    ),
  ];
}

function benchMetrics({ bench, target }: Result): readonly Metric[] {
  const block = bench?.blocks.at(-1);
  if (block === undefined) return [];
  const server = target.server?.name ?? '';
  return [
    {
      name: 'mettle_bench_latency_seconds',
      type: 'summary',
      unit: 'seconds',
      help: `Latency of successful calls, from ${countedFrom(block.shape)}.`,
      lines: block.subjects.flatMap(({ subject, latencyMs }) =>
        latencyMs === null ? [] : summary({ server, tool: subject.name }, latencyMs),
      ),
    },
    counter(
      'mettle_bench_calls',
      'Calls made.',
      block.subjects.map(
        ({ subject, outcomes }) => `${labels({ server, tool: subject.name })} ${outcomes.calls}`,
      ),
    ),
    counter(
      'mettle_bench_failures',
      'Calls that failed, by kind.',
      block.subjects.flatMap(({ subject, outcomes }) =>
        Object.entries(outcomes.failures).map(
          ([kind, count]) => `${labels({ server, tool: subject.name, kind })} ${count}`,
        ),
      ),
    ),
    ...gauges(block, server, bench?.capacity?.kneePerSecond ?? null),
  ];
}

function gauges(block: BlockFigures, server: string, knee: number | null): readonly Metric[] {
  const { target, driver } = block;
  const gauge = (name: string, help: string, value: number | null, unit?: string): Metric => ({
    name,
    type: 'gauge',
    ...(unit === undefined ? {} : { unit }),
    help,
    lines: value === null ? [] : [`${name}${labels({ server })} ${value}`],
  });
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return [
    gauge(
      'mettle_bench_throughput_calls_per_second',
      'Calls answered well, per second.',
      block.throughputPerSecond,
    ),
    gauge('mettle_bench_offered_calls_per_second', 'Calls offered, per second.', block.offeredPerSecond),
    gauge(
      'mettle_bench_server_cpu_seconds',
      'CPU of the server per call.',
      seconds(target.processCpuMsPerCall),
      'seconds',
    ),
    gauge(
      'mettle_bench_server_memory_bytes',
      'Resident memory of the server at the end.',
      target.rssBytes,
      'bytes',
    ),
    gauge(
      'mettle_bench_driver_cpu_seconds',
      'CPU of the driver per call.',
      seconds(driver.cpuMsPerCall),
      'seconds',
    ),
    gauge(
      'mettle_bench_trusted',
      '1 when the server, not the driver, was the limit.',
      driver.distrust === null ? 1 : 0,
    ),
    gauge(
      'mettle_bench_capacity_calls_per_second',
      'Highest rate with p99 within the budget and no failures.',
      knee,
    ),
  ];
}

function counter(name: string, help: string, lines: readonly string[]): Metric {
  return { name, type: 'counter', help, lines: lines.map((line) => `${name}_total${line}`) };
}

function summary(base: Readonly<Record<string, string>>, latency: LatencyFigures): readonly string[] {
  const name = 'mettle_bench_latency_seconds';
  const quantiles = [
    ['0.5', latency.p50],
    ['0.9', latency.p90],
    ['0.95', latency.p95],
    ['0.99', latency.p99],
    ['0.999', latency.p999],
  ] as const;
  return [
    ...quantiles.map(([quantile, { value }]) => `${name}${labels({ ...base, quantile })} ${value / 1000}`),
    `${name}_count${labels(base)} ${latency.count}`,
    `${name}_sum${labels(base)} ${(latency.mean * latency.count) / 1000}`,
  ];
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return `{${pairs.join(',')}}`;
}
