/* What the benches measure with. Paired and interleaved: the machine is never quiet, but it is the same for both. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installFromRegistry } from '../../../scripts/install-from-registry.mjs';

/** A transport of MCP over a port of worker_threads. */
export function portTransport(port) {
  const transport = {
    start: async () => {
      port.on('message', (message) => {
        if (message.jsonrpc === '2.0') transport.onmessage?.(message);
      });
    },
    send: async (message) => port.postMessage(message),
    close: async () => transport.onclose?.(),
  };
  return transport;
}

export function percentile(values, at) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))];
}

export function median(values) {
  return percentile(values, 0.5);
}

/** Nanoseconds of CPU per call of each contender: rounds interleaved, in turn forwards and backwards. */
export async function interleaved(contenders, { rounds, calls }) {
  const cost = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (const work of Object.values(contenders)) await cpuNs(work, calls);
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(contenders);
    for (const [name, work] of round % 2 === 0 ? order : order.toReversed())
      cost.get(name).push(await cpuNs(work, calls));
  }
  return cost;
}

async function cpuNs(work, calls) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) await work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

/** Median of the differences, round by round, to the baseline. */
export function pairedDifference(cost, name, baseline) {
  return median(cost.get(name).map((value, round) => value - cost.get(baseline)[round]));
}

export function table(rows) {
  const columns = Object.keys(rows[0]);
  const width = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (cells) =>
    cells
      .map((cell, at) => String(cell).padEnd(width[at]))
      .join('  ')
      .trimEnd();
  return [
    line(columns),
    line(width.map((length) => '─'.repeat(length))),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
  ].join('\n');
}

/** What we compare with, in versions that run on Node 20. */
const CONTENDERS = {
  'async-mutex': '0.5.0',
  cockatiel: '3.2.1',
  fastq: '1.20.3',
  'p-limit': '7.3.3',
  'p-queue': '9.3.5',
  'redis-semaphore': '5.8.0',
  tinypool: '2.2.0',
  workerpool: '10.0.3',
};

/**
 * Uses a package that is for comparison only: installed into .cache/bench when first asked for, so that nobody who only
 * works on the runtime has to have it; left out, and named, where the registry is out of reach.
 */
export async function contender(name, use) {
  const spec = `${name}@${CONTENDERS[name]}`;
  let entry;
  try {
    const { [spec]: folder } = await installFromRegistry('bench', [spec]);
    entry = pathToFileURL(join(folder, 'entry.mjs')).href;
    writeFileSync(new URL(entry), `export * from '${name}';\nexport * as all from '${name}';\n`);
  } catch (error) {
    console.log(`${spec} is left out: ${error.message.split('\n')[0]}`);
    return;
  }
  const { all } = await import(entry);
  await use(all, entry);
}
