import type { LatencyFigures, Result } from '../evidence/index.ts';

const COLUMNS = [
  'subject',
  'kind',
  'calls',
  'ok',
  'failed',
  'throughput_per_second',
  'p50_ms',
  'p90_ms',
  'p95_ms',
  'p99_ms',
  'p999_ms',
  'max_ms',
  'mean_ms',
  'p50_low_ms',
  'p50_high_ms',
  'p99_low_ms',
  'p99_high_ms',
  'cpu_ms_per_call',
] as const;
type Row = Partial<Record<(typeof COLUMNS)[number], string | number | null>>;

/** A row per subject, and of a benchmark one for all together (subject empty); RFC 4180. */
export function renderCsv(result: Result): string {
  const rows = result.bench === undefined ? toolRows(result) : benchRows(result);
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column] ?? '')).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function toolRows({ tools }: Result): readonly Row[] {
  return tools.map(({ name, kind, calls, errors, latencyMs, cpuMsPerCall }) => ({
    subject: name,
    kind,
    calls,
    ok: calls - errors,
    failed: errors,
    p50_ms: latencyMs?.p50 ?? null,
    p95_ms: latencyMs?.p95 ?? null,
    p99_ms: latencyMs?.p99 ?? null,
    max_ms: latencyMs?.max ?? null,
    cpu_ms_per_call: cpuMsPerCall,
  }));
}

function benchRows({ bench }: Result): readonly Row[] {
  return (bench?.blocks ?? []).flatMap((block) => {
    const parts = [...block.subjects, ...(block.subjects.length > 1 ? [block.total] : [])];
    return parts.map(({ subject, outcomes, latencyMs }) => ({
      subject: subject.name,
      kind: subject.name === '' ? 'all' : subject.kind,
      calls: outcomes.calls,
      ok: outcomes.ok,
      failed: outcomes.calls - outcomes.ok,
      throughput_per_second: (outcomes.ok / block.durationMs) * 1000,
      ...percentiles(latencyMs),
      ...(subject.name === '' || block.subjects.length === 1
        ? { cpu_ms_per_call: block.target.processCpuMsPerCall }
        : {}),
    }));
  });
}

function percentiles(latency: LatencyFigures | null): Row {
  if (latency === null) return {};
  const { p50, p90, p95, p99, p999, max, mean } = latency;
  return {
    p50_ms: p50.value,
    p90_ms: p90.value,
    p95_ms: p95.value,
    p99_ms: p99.value,
    p999_ms: p999.value,
    max_ms: max,
    mean_ms: mean,
    p50_low_ms: p50.low,
    p50_high_ms: p50.high,
    p99_low_ms: p99.low,
    p99_high_ms: p99.high,
  };
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(8)));
  // A name that a spreadsheet would take for a formula is a name.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
