/*
 * What counting costs a call: our own counts beside OpenTelemetry's instruments, which a call would otherwise update.
 *
 *   node bench/metrics.bench.mjs
 *
 * CPU time in nanoseconds, rounds interleaved; "more than none" is the median of the differences round by round.
 */
import { createPolicy, harden } from '@mettle/runtime';
import { metricProducer, prometheusText } from '@mettle/runtime/metrics';
import { McpServer } from '@modelcontextprotocol/server';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { interleaved, median, pairedDifference, percentile, table } from './measure.mjs';

const policy = createPolicy();
const operation = await anOperation();
const reader = new PeriodicExportingMetricReader({
  exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
  exportIntervalMillis: 2 ** 30,
});
const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
const histogram = meter.createHistogram('mcp.server.operation.duration', { unit: 's' });
const counter = meter.createCounter('calls');
let took = 0;
const duration = () => (took = (took + 7.3) % 900);

const contenders = {
  none: async () => duration(),
  '@mettle/runtime, its counts': async () => {
    const startedAt = performance.now();
    operation.running++;
    duration();
    operation.running--;
    operation.record('ok', performance.now() - startedAt);
  },
  'OpenTelemetry, histogram and counter': async () => {
    const startedAt = performance.now();
    duration();
    const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'work' };
    histogram.record((performance.now() - startedAt) / 1000, attributes);
    counter.add(1, attributes);
  },
};
const cost = await interleaved(contenders, { rounds: 41, calls: 5000 });
const rows = Object.keys(contenders).map((name) => ({
  'One call': name,
  'ns, median': median(cost.get(name)).toFixed(0),
  'ns, least': percentile(cost.get(name), 0).toFixed(0),
  'more than none': pairedDifference(cost, name, 'none').toFixed(0),
}));
console.log(`${process.version}\n${table(rows)}`);

const reads = {
  prometheusText: async () => prometheusText(policy),
  metricProducer: async () => metricProducer(policy).collect(),
};
const read = await interleaved(reads, { rounds: 15, calls: 200 });
console.log(
  `\n${table(Object.keys(reads).map((name) => ({ 'One read': name, 'µs, median': (median(read.get(name)) / 1000).toFixed(0) })))}`,
);
process.exit(0);

/** The counts of a tool, as a hardened server keeps them. */
async function anOperation() {
  const server = harden(new McpServer({ name: 'bench', version: '1' }), policy);
  server.registerTool('work', { description: 'nothing' }, async () => ({ content: [] }));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await ours.start();
  await server.connect(theirs);
  const answered = new Promise((resolve) => {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
    ours.onmessage = (message) => message.id === 2 && resolve();
  });
  await ours.send({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
  });
  await ours.send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'work', arguments: {} } });
  await answered;
  return policy.operations().find((each) => each.operation.name === 'work').operation;
}
