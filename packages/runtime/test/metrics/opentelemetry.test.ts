import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, expect, test } from 'vitest';
import { createPolicy } from '../../src/mcp/index.ts';
import { metricProducer, openTelemetry } from '../../src/metrics/index.ts';
import { SERVERS } from '../mcp/servers.ts';
import { worked } from './worked.ts';

afterAll(() => {
  api.context.disable();
  api.propagation.disable();
  api.trace.disable();
});

test('OpenTelemetry’s own metric reader collects the durations under the official name', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    metricProducers: [metricProducer(await worked())],
  });
  const provider = new MeterProvider({ readers: [reader] });
  await provider.forceFlush();
  const scope = exporter
    .getMetrics()[0]
    ?.scopeMetrics.find(({ scope: { name } }) => name === '@mettle/runtime');
  const durations = scope?.metrics.find(
    ({ descriptor }) => descriptor.name === 'mcp.server.operation.duration',
  );
  expect(durations?.descriptor.unit).toBe('s');
  const points = durations?.dataPoints.map(({ attributes, value }) => ({
    ...attributes,
    count: typeof value === 'object' && 'count' in value ? value.count : undefined,
  }));
  expect(points).toContainEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'fails',
    'error.type': 'tool_error',
    count: 1,
  });
  expect(points).toContainEqual({ 'mcp.method.name': 'ping', count: 1 });
  await provider.shutdown();
});

test('a call is a span, child of the caller’s, in both eras; what its handler starts is inside of it', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  api.trace.setGlobalTracerProvider(provider);
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracing = openTelemetry(api);

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const meta = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const fails = async (): Promise<never> => {
    await Promise.resolve();
    api.trace.getTracer('the server’s own').startSpan('query').end();
    throw new Error('no');
  };
  for (const name of ['v1 McpServer, tools before harden', 'v2 McpServer, tools before harden']) {
    const peer = await SERVERS[name]?.(createPolicy({ tracing }), { fails });
    await peer?.request('tools/call', { name: 'fails', arguments: {}, _meta: meta });
  }
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name }) => name)).toEqual(['query', 'tools/call fails', 'query', 'tools/call fails']);
  for (const [inner, span] of [spans.slice(0, 2), spans.slice(2)]) {
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(inner?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
    expect(span?.status.code).toBe(api.SpanStatusCode.ERROR);
    expect(span?.attributes).toMatchObject({
      'gen_ai.tool.name': 'fails',
      'error.type': 'tool_error',
      'jsonrpc.request.id': '2',
    });
  }
});
