import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { createPolicy, harden } from '../../src/mcp/index.ts';
import type { Policy, PolicyOptions } from '../../src/mcp/index.ts';
import {
  metricProducer,
  openTelemetry,
  prometheusText,
  PROMETHEUS_TYPE,
  serveMetrics,
} from '../../src/metrics/index.ts';
import type { OpenTelemetryApi } from '../../src/metrics/index.ts';
import { addTools2, overMemory, SERVERS } from '../mcp/servers.ts';

async function worked(options: PolicyOptions = {}): Promise<Policy> {
  const policy = createPolicy(options);
  const server = new McpServer({ name: 'test', version: '1' });
  addTools2(server, {
    ok: () => 'ok',
    fails: () => {
      throw new Error('no');
    },
    'odd "name"\n': () => 'ok',
  });
  const peer = await overMemory(harden(server, policy), InMemoryTransport);
  for (const tool of ['ok', 'ok', 'fails', 'odd "name"\n']) await peer.call(tool);
  await peer.request('ping');
  return policy;
}

// Comes with Prometheus; where it is not installed its test is skipped.
const PROMTOOL: string = 'promtool';
const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0;

describe('Prometheus', () => {
  test('durations by tool and error, limits, refusals and pressure are in the text, under the official names', async () => {
    const text = prometheusText(await worked(), {
      'work.js': { stats: () => ({ running: 1, queued: 2, threads: 3, done: 4, failed: 5, killed: 6 }) },
    });
    const lines = text.split('\n');
    const duration = 'mcp_server_operation_duration_seconds';
    expect(lines).toContain(`# TYPE ${duration} histogram`);
    expect(lines).toContain(`${duration}_count{mcp_method_name="tools/call",gen_ai_tool_name="ok"} 2`);
    expect(lines).toContain(
      `${duration}_count{mcp_method_name="tools/call",gen_ai_tool_name="fails",error_type="tool_error"} 1`,
    );
    expect(lines).toContain(
      `${duration}_bucket{mcp_method_name="tools/call",gen_ai_tool_name="ok",le="+Inf"} 2`,
    );
    expect(lines).toContain(`${duration}_count{mcp_method_name="ping"} 1`);
    expect(text).toContain('gen_ai_tool_name="odd \\"name\\"\\n"');
    expect(lines).toContain('mettle_limit{mcp_method_name="tools/call",gen_ai_tool_name="ok"} 20');
    expect(lines).toContain('mettle_admitted_total 4');
    expect(lines).toContain('mettle_pool_killed_total{pool="work.js"} 6');
    for (const line of lines.filter((each) => each !== '' && !each.startsWith('#'))) {
      expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? -?[0-9.e+-]+$/);
    }
    expect(lines.filter((line) => line.startsWith('# TYPE')).length).toBe(
      new Set(lines.filter((line) => line.startsWith('# TYPE'))).size,
    );
  });

  test.skipIf(!hasPromtool)('promtool finds nothing wrong with it', async () => {
    const checked = spawnSync(PROMTOOL, ['check', 'metrics'], { input: prometheusText(await worked()) });
    expect(String(checked.stderr)).not.toMatch(/error/i);
  });

  test('the endpoint serves them on the loopback, and nothing else', async () => {
    const server = serveMetrics(await worked(), { port: 0 });
    await once(server, 'listening');
    const { address, port } = server.address() as AddressInfo;
    expect(address).toBe('127.0.0.1');
    const page = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(page.headers.get('content-type')).toBe(PROMETHEUS_TYPE);
    expect(await page.text()).toContain('mettle_admitted_total 4');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    server.closeAllConnections();
    server.close();
  });

  test('every metric that the Grafana dashboard asks for exists', async () => {
    const dashboard = readFileSync(new URL('../../dashboards/grafana.json', import.meta.url), 'utf8');
    const asked = [...dashboard.matchAll(/"expr": "(.*)"/g)].map(([, expression]) => expression ?? '');
    expect(asked.length).toBeGreaterThan(8);
    const pools = {
      p: { stats: () => ({ running: 0, queued: 0, threads: 1, done: 0, failed: 0, killed: 0 }) },
    };
    const text = prometheusText(await worked(), pools);
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    for (const name of asked.join(' ').match(/\b(mettle|mcp)_[a-z_]+\b/g) ?? []) {
      // Labels share the prefix; they are checked as text.
      const isKnown =
        known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, '')) || text.includes(`${name}="`);
      expect([name, isKnown]).toEqual([name, true]);
    }
  });
});

// Optional peers: where they are not installed, these tests are skipped and say so.
const OTEL = '@opentelemetry';
const load = async (name: string): Promise<never> =>
  import(`${OTEL}/${name}`).catch(() => undefined) as Promise<never>;
const api = (await load('api')) as
  | (OpenTelemetryApi & {
      context: { setGlobalContextManager(manager: unknown): void };
      propagation: { setGlobalPropagator(propagator: unknown): void };
    })
  | undefined;
const sdk = (await load('sdk-metrics')) as
  | undefined
  | {
      MeterProvider: new (options: object) => { shutdown(): Promise<void>; forceFlush(): Promise<void> };
      PeriodicExportingMetricReader: new (options: object) => object;
      InMemoryMetricExporter: new (temporality: number) => {
        getMetrics(): {
          scopeMetrics: {
            scope: { name: string };
            metrics: {
              descriptor: { name: string };
              dataPoints: { attributes: object; value: { count: number } }[];
            }[];
          }[];
        }[];
      };
    };
const traces = (await load('sdk-trace-base')) as
  | undefined
  | {
      BasicTracerProvider: new (options: object) => { getTracer(name: string): never };
      InMemorySpanExporter: new () => {
        getFinishedSpans(): {
          name: string;
          attributes: object;
          status: { code: number };
          parentSpanContext?: { spanId: string; traceId: string };
          spanContext(): { traceId: string };
        }[];
      };
      SimpleSpanProcessor: new (exporter: object) => object;
    };
const core = (await load('core')) as undefined | { W3CTraceContextPropagator: new () => object };
const hooks = (await load('context-async-hooks')) as
  | undefined
  | { AsyncLocalStorageContextManager: new () => { enable(): object } };

describe('OpenTelemetry', () => {
  test.skipIf(sdk === undefined)(
    'its own metric reader collects the durations under the official name',
    async () => {
      if (sdk === undefined) return;
      const exporter = new sdk.InMemoryMetricExporter(1);
      const reader = new sdk.PeriodicExportingMetricReader({
        exporter,
        metricProducers: [metricProducer(await worked())],
      });
      const provider = new sdk.MeterProvider({ readers: [reader] });
      await provider.forceFlush();
      const scope = exporter
        .getMetrics()[0]
        ?.scopeMetrics.find(({ scope: { name } }) => name === '@mettle/runtime');
      const durations = scope?.metrics.find(
        ({ descriptor }) => descriptor.name === 'mcp.server.operation.duration',
      );
      const points = durations?.dataPoints.map(({ attributes, value }) => ({
        ...attributes,
        count: value.count,
      }));
      expect(points).toContainEqual({
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'fails',
        'error.type': 'tool_error',
        count: 1,
      });
      await provider.shutdown();
    },
  );

  test.skipIf(api === undefined || traces === undefined)(
    'a call is a span, child of the caller’s, in both eras',
    async () => {
      if (api === undefined || traces === undefined || core === undefined || hooks === undefined) return;
      const exporter = new traces.InMemorySpanExporter();
      const provider = new traces.BasicTracerProvider({
        spanProcessors: [new traces.SimpleSpanProcessor(exporter)],
      });
      api.context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable());
      api.propagation.setGlobalPropagator(new core.W3CTraceContextPropagator());
      const tracing = openTelemetry({
        ...api,
        trace: {
          getTracer: (name) => provider.getTracer(name),
          setSpan: (...all) => api.trace.setSpan(...all),
        },
      });

      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const meta = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
      const fails = (): never => {
        throw new Error('no');
      };
      for (const name of ['v1 McpServer, tools before harden', 'v2 McpServer, tools before harden']) {
        const peer = await SERVERS[name]?.(createPolicy({ tracing }), { fails });
        await peer?.request('tools/call', { name: 'fails', arguments: {}, _meta: meta });
      }
      const spans = exporter.getFinishedSpans();
      expect(spans).toHaveLength(2);
      for (const span of spans) {
        expect(span.name).toBe('tools/call fails');
        expect(span.spanContext().traceId).toBe(traceId);
        expect(span.status.code).toBe(2);
        expect(span.attributes).toMatchObject({
          'gen_ai.tool.name': 'fails',
          'error.type': 'tool_error',
          'jsonrpc.request.id': '2',
        });
      }
    },
  );
});
