import { UsageError } from '../evidence/index.ts';
import type { Threshold } from '../evidence/index.ts';

type Metric = Threshold['metric'];

const TERM =
  /^(p50|p95|p99|max|latency|cpu|throughput|memory|errors)\s*[<>]=?\s*\+?(\d+(?:\.\d+)?)\s*(x|us|µs|ms|s|\/s|kB|MB|GB|%)?$/;
const TIMES: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1000 };
const BYTES: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };
const TIMED: readonly Metric[] = ['p50', 'p95', 'p99', 'max', 'latency', 'cpu'];

/** Whether a term of `--fail-on` is a limit on a figure rather than the name of a finding. */
export function isThreshold(term: string): boolean {
  return /[<>]/.test(term);
}

/** The limits among the terms of `--fail-on`. Throws UsageError for one that says nothing that can be measured. */
export function thresholdsOf(expression: string | undefined): readonly Threshold[] {
  return (expression ?? '')
    .split(',')
    .map((term) => term.trim())
    .filter(isThreshold)
    .map(parseThreshold);
}

/**
 * `p99>2x` and `cpu>1.1x` are ratios to the version compared with, `p99<50ms` a budget. Whichever way the sign stands,
 * as what to fail on or as what to keep: the run fails on too much of everything, but of throughput on too little.
 */
export function parseThreshold(term: string): Threshold {
  const match = TERM.exec(term);
  if (match === null)
    throw new UsageError(
      `--fail-on: "${term}" is no limit; limits are such as p99>2x, cpu>1.1x, throughput<0.9x (ratios to the version compared with), p99<50ms, throughput>200/s, memory<300MB, errors<1%.`,
    );
  const [, metric, number, unit = ''] = match as unknown as [string, Metric, string, string?];
  const { limit, kind } = limitOf(term, metric, Number(number), unit, term.includes('+'));
  return {
    expression: term,
    metric,
    failsWhen: metric === 'throughput' ? 'below' : 'above',
    limit,
    unit: kind,
  };
}

function limitOf(
  term: string,
  metric: Metric,
  value: number,
  unit: string,
  added: boolean,
): { readonly limit: number; readonly kind: Threshold['unit'] } {
  if (unit === 'x' && metric !== 'errors' && metric !== 'max') return { limit: value, kind: 'ratio' };
  if (unit === '%' && added && metric !== 'errors') return { limit: 1 + value / 100, kind: 'ratio' };
  if (metric === 'errors' && unit === '%') return { limit: value / 100, kind: 'share' };
  if (TIMED.includes(metric) && unit in TIMES) return { limit: value * (TIMES[unit] as number), kind: 'ms' };
  if (metric === 'throughput' && (unit === '/s' || unit === '')) return { limit: value, kind: 'per-second' };
  if (metric === 'memory' && unit in BYTES) return { limit: value * (BYTES[unit] as number), kind: 'bytes' };
  const wanted: Readonly<Record<string, string>> = {
    errors: 'a percentage, such as errors<1%',
    throughput: 'a rate or a ratio, such as throughput>200/s or throughput<0.9x',
    memory: 'a size or a ratio, such as memory<300MB or memory>1.2x',
    max: 'a time, such as max<500ms',
  };
  throw new UsageError(
    `--fail-on: "${term}" has no unit that fits; ${metric} takes ${wanted[metric] ?? `a time or a ratio, such as ${metric}<50ms or ${metric}>1.5x`}.`,
  );
}
