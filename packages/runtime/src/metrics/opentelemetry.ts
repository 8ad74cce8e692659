import { performance } from 'node:perf_hooks';
import { DURATION_BUCKETS_S } from './operations.ts';
import type { Outcome } from './operations.ts';
import type { Measured } from './prometheus.ts';

/*
 * OpenTelemetry, without depending on it: metrics as a MetricProducer, which every MetricReader of
 * @opentelemetry/sdk-metrics takes, so that a call costs a few additions instead of the SDK's 7 to 12 µs; and spans
 * through the @opentelemetry/api that the server passes in.
 */

/** A time as OpenTelemetry keeps it: seconds and nanoseconds. */
type HrTime = [number, number];

/** Values of OpenTelemetry's enumerations, which are part of its stable interface. */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const CUMULATIVE = 1;
const DOUBLE = 1;
const SPAN_KIND_SERVER = 1;
const STATUS_ERROR = 2;

const SCOPE = { name: '@mettle/runtime', version: '0.1.0' };

/** What `@opentelemetry/sdk-metrics` calls a MetricProducer; give it to a reader: `new …MetricReader({ metricProducers: [it] })`. */
export interface MetricProducer {
  collect(): Promise<{ resourceMetrics: { resource: never; scopeMetrics: never[] }; errors: unknown[] }>;
}

/** Durations and counts of a policy under OpenTelemetry's official MCP names, read when somebody collects. */
export function metricProducer(measured: Measured): MetricProducer {
  const startTime = hrTime(performance.timeOrigin);
  return {
    collect: async () => {
      const at = { startTime, endTime: hrTime(Date.now()) };
      const metrics = [durations(measured, at), ...gauges(measured, at)];
      return {
        // Readers take the resource of their own provider.
        resourceMetrics: { resource: undefined as never, scopeMetrics: [{ scope: SCOPE, metrics } as never] },
        errors: [],
      };
    },
  };
}

interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function durations(measured: Measured, at: Span): object {
  const dataPoints = measured.operations().flatMap(({ operation }) =>
    Array.from(operation.outcomes(), ([outcome, { count, sumS, buckets }]) => ({
      ...at,
      attributes: { ...attributesOf(operation.method, operation.name), ...errorType(outcome) },
      value: {
        buckets: { boundaries: [...DURATION_BUCKETS_S], counts: [...buckets] },
        sum: sumS,
        count,
        hasMinMax: false,
      },
    })),
  );
  return {
    descriptor: {
      name: 'mcp.server.operation.duration',
      description: 'Duration of MCP operations',
      unit: 's',
      valueType: DOUBLE,
      type: 'HISTOGRAM',
      advice: {},
    },
    aggregationTemporality: CUMULATIVE,
    dataPointType: HISTOGRAM,
    dataPoints,
  };
}

function gauges(measured: Measured, at: Span): object[] {
  const { counts, queued, abandoned, pressure } = measured;
  const one = (name: string, unit: string, value: number, total = false): object => ({
    descriptor: {
      name,
      description: '',
      unit,
      valueType: DOUBLE,
      type: total ? 'OBSERVABLE_COUNTER' : 'OBSERVABLE_GAUGE',
      advice: {},
    },
    aggregationTemporality: CUMULATIVE,
    dataPointType: total ? SUM : GAUGE,
    ...(total ? { isMonotonic: true } : {}),
    dataPoints: [{ ...at, attributes: {}, value }],
  });
  const metrics = [
    one('mettle.queued', '{call}', queued),
    one('mettle.running', '{call}', measured.running),
    one('mettle.refused', '{call}', counts.refusedFull + counts.refusedLate, true),
    one('mettle.abandoned', '{call}', abandoned, true),
  ];
  if (pressure !== undefined) {
    metrics.push(one('mettle.event_loop.delay', 's', pressure.delayMs / 1000));
    metrics.push(one('mettle.event_loop.utilization', '1', pressure.utilization));
  }
  return metrics;
}

function attributesOf(method: string, name: string): Record<string, string> {
  const attributes: Record<string, string> = { 'mcp.method.name': method };
  if (name === '') return attributes;
  if (method === 'tools/call') {
    attributes['gen_ai.tool.name'] = name;
    attributes['gen_ai.operation.name'] = 'execute_tool';
  } else if (method === 'prompts/get') attributes['gen_ai.prompt.name'] = name;
  else attributes['mcp.resource.uri'] = name;
  return attributes;
}

function errorType(outcome: Outcome): Record<string, string> {
  return outcome === 'ok' ? {} : { 'error.type': outcome };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** The part of `@opentelemetry/api` that is used: pass the module itself. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(
      name: string,
      version?: string,
    ): { startSpan(name: string, options: object, context: never): OtelSpan };
    setSpan(context: never, span: never): unknown;
  };
  readonly context: { active(): unknown; with(context: never, work: () => unknown): unknown };
  readonly propagation: { extract(context: never, carrier: unknown): unknown };
}

interface OtelSpan {
  setStatus(status: { code: number }): unknown;
  setAttribute(name: string, value: string): unknown;
  end(): void;
}

/** What a traced call is. */
export interface TracedCall {
  readonly method: string;
  readonly name: string;
  readonly sessionId: string | undefined;
  readonly requestId: string | number | undefined;
  readonly protocolVersion: string | undefined;
  readonly meta: Readonly<Record<string, unknown>> | undefined;
}

/** Runs a handler inside of a span; answers how to end it. */
export interface Tracing {
  start(call: TracedCall): { within<R>(work: () => R): R; end(outcome: Outcome): void };
}

/** The first protocol version without sessions: its conventions forbid a session id. */
const WITHOUT_SESSIONS = '2026-07-28';

/**
 * Spans named and filled by OpenTelemetry's MCP conventions, children of the caller's span where `_meta` carries one:
 * `createPolicy({ tracing: openTelemetry(api) })` with `import * as api from '@opentelemetry/api'`.
 */
export function openTelemetry(api: OpenTelemetryApi): Tracing {
  const tracer = api.trace.getTracer(SCOPE.name, SCOPE.version);
  return {
    start: ({ method, name, sessionId, requestId, protocolVersion, meta }) => {
      const attributes = attributesOf(method, name);
      if (requestId !== undefined) attributes['jsonrpc.request.id'] = String(requestId);
      if (protocolVersion !== undefined) attributes['mcp.protocol.version'] = protocolVersion;
      const mayName = protocolVersion === undefined || protocolVersion < WITHOUT_SESSIONS;
      if (sessionId !== undefined && mayName) attributes['mcp.session.id'] = sessionId;
      const parent = api.propagation.extract(api.context.active() as never, meta ?? {});
      const title = name === '' ? method : `${method} ${name}`;
      const span = tracer.startSpan(title, { kind: SPAN_KIND_SERVER, attributes }, parent as never);
      const within = api.trace.setSpan(parent as never, span as never);
      return {
        within: <R>(work: () => R) => api.context.with(within as never, work) as R,
        end: (outcome) => {
          if (outcome !== 'ok') {
            span.setStatus({ code: STATUS_ERROR });
            span.setAttribute('error.type', outcome);
          }
          span.end();
        },
      };
    },
  };
}
