import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { DURATION_BUCKETS_S } from './operations.ts';
import type { Operation } from './operations.ts';

/** What is measured; a `Policy` of `harden` is one. */
export interface Measured {
  readonly running: number;
  readonly queued: number;
  readonly abandoned: number;
  readonly shedding: string | undefined;
  readonly counts: {
    readonly admitted: number;
    readonly refusedFull: number;
    readonly refusedLate: number;
    readonly cancelledInQueue: number;
  };
  readonly pressure: { readonly delayMs: number; readonly utilization: number } | undefined;
  operations(): readonly {
    readonly operation: Operation;
    readonly limit: number;
    readonly running: number;
  }[];
}

/** Pools to measure beside, by name. */
export type MeasuredPools = Readonly<
  Record<
    string,
    {
      stats(): {
        running: number;
        queued: number;
        threads: number;
        done: number;
        failed: number;
        killed: number;
      };
    }
  >
>;

/** The type that Prometheus wants to see on its text format. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Everything measured, in Prometheus' text format. Reading costs; counting does not know that anybody reads. */
export function prometheusText(measured: Measured, pools: MeasuredPools = {}): string {
  const page = new Page();
  addOperations(page, measured);
  addProcess(page, measured);
  for (const [pool, { stats }] of Object.entries(pools)) {
    const { running, queued, threads, done, failed, killed } = stats();
    const labels = { pool };
    page.gauge('mettle_pool_threads', 'Worker threads that take tasks', threads, labels);
    page.gauge('mettle_pool_running', 'Tasks in worker threads', running, labels);
    page.gauge('mettle_pool_queued', 'Tasks that wait for a thread', queued, labels);
    page.counter('mettle_pool_tasks_total', 'Tasks that ended', done, { ...labels, outcome: 'ok' });
    page.counter('mettle_pool_tasks_total', 'Tasks that ended', failed, { ...labels, outcome: 'failed' });
    page.counter(
      'mettle_pool_killed_total',
      'Threads killed by a deadline or a cancellation',
      killed,
      labels,
    );
  }
  return page.text();
}

function addOperations(page: Page, measured: Measured): void {
  for (const { operation, limit, running } of measured.operations()) {
    const labels = operationLabels(operation);
    for (const [outcome, series] of operation.outcomes()) {
      const all = outcome === 'ok' ? labels : { ...labels, error_type: outcome };
      page.histogram('mcp_server_operation_duration_seconds', 'Duration of MCP operations', all, series);
    }
    page.gauge('mettle_running', 'Operations that run', running, labels);
    if (Number.isFinite(limit)) page.gauge('mettle_limit', 'Operations that may run at once', limit, labels);
  }
}

function operationLabels({ method, name }: Operation): Record<string, string> {
  const labels: Record<string, string> = { mcp_method_name: method };
  if (name === '') return labels;
  if (method === 'tools/call') labels['gen_ai_tool_name'] = name;
  else if (method === 'prompts/get') labels['gen_ai_prompt_name'] = name;
  else labels['mcp_resource_uri'] = name;
  return labels;
}

function addProcess(page: Page, { queued, abandoned, shedding, counts, pressure }: Measured): void {
  page.gauge('mettle_queued', 'Calls that wait', queued);
  page.gauge('mettle_shedding', '1 while everything is refused', shedding === undefined ? 0 : 1);
  page.counter('mettle_admitted_total', 'Calls let in', counts.admitted);
  page.counter('mettle_refused_total', 'Calls refused', counts.refusedFull, { reason: 'full' });
  page.counter('mettle_refused_total', 'Calls refused', counts.refusedLate, { reason: 'late' });
  page.counter(
    'mettle_cancelled_in_queue_total',
    'Calls cancelled while they waited',
    counts.cancelledInQueue,
  );
  page.counter(
    'mettle_abandoned_total',
    'Handlers that went on past their deadline or cancellation',
    abandoned,
  );
  if (pressure !== undefined) {
    page.gauge('mettle_event_loop_delay_seconds', 'How late the event loop was', pressure.delayMs / 1000);
    page.gauge('mettle_event_loop_utilization', 'How busy the event loop was, 0 to 1', pressure.utilization);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  page.gauge('mettle_heap_used_bytes', 'JavaScript heap in use', heapUsed);
  page.gauge('mettle_heap_limit_bytes', 'Limit of the JavaScript heap', getHeapStatistics().heap_size_limit);
  page.gauge('mettle_external_bytes', 'Memory of JavaScript objects outside the heap', external);
  page.gauge('mettle_resident_bytes', 'Resident memory of the process', rss);
  page.gauge('mettle_start_time_seconds', 'When the process started', performance.timeOrigin / 1000);
}

/** Text under construction: the samples of one metric stand together, below what it is. */
class Page {
  readonly #metrics = new Map<string, string[]>();

  gauge(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#samples(name, help, 'gauge').push(sample(name, labels, value));
  }

  counter(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#samples(name, help, 'counter').push(sample(name, labels, value));
  }

  histogram(
    name: string,
    help: string,
    labels: Readonly<Record<string, string>>,
    {
      count,
      sumS,
      buckets,
    }: { readonly count: number; readonly sumS: number; readonly buckets: readonly number[] },
  ): void {
    const samples = this.#samples(name, help, 'histogram');
    let below = 0;
    for (const [at, bound] of DURATION_BUCKETS_S.entries()) {
      below += buckets[at] ?? 0;
      samples.push(sample(`${name}_bucket`, { ...labels, le: String(bound) }, below));
    }
    samples.push(sample(`${name}_bucket`, { ...labels, le: '+Inf' }, count));
    samples.push(sample(`${name}_sum`, labels, sumS), sample(`${name}_count`, labels, count));
  }

  text(): string {
    return `${[...this.#metrics.values()].flat().join('\n')}\n`;
  }

  #samples(name: string, help: string, type: string): string[] {
    let samples = this.#metrics.get(name);
    if (samples === undefined) {
      this.#metrics.set(name, (samples = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]));
    }
    return samples;
  }
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const inside = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/**
 * Serves `/metrics` on a port of its own, on the loopback unless told otherwise: who may read it is then a question of the
 * network, not of the MCP server. Keeps no process alive.
 */
export function serveMetrics(
  measured: Measured,
  { port, host = '127.0.0.1', pools }: { port: number; host?: string; pools?: MeasuredPools },
): Server {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' || path !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is served here\n');
      return;
    }
    response.writeHead(200, { 'content-type': PROMETHEUS_TYPE }).end(prometheusText(measured, pools));
  });
  server.listen(port, host).unref();
  return server;
}
