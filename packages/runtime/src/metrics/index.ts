export { DURATION_BUCKETS_S } from './operations.ts';
export type { Operation, Outcome, Series } from './operations.ts';
export { PROMETHEUS_TYPE, prometheusText, serveMetrics } from './prometheus.ts';
export type { Measured, MeasuredPools } from './prometheus.ts';
export { metricProducer, openTelemetry } from './opentelemetry.ts';
export type { MetricProducer, OpenTelemetryApi, TracedCall, Tracing } from './opentelemetry.ts';
