/*
 * Reads one snapshot in one of several ways, in a process of its own, and says what that cost:
 *
 *   node heap-readers.mjs READER FILE [ENTRY OF memlab]
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { dominatorsOf, HeapGraph, retentionOf, SnapshotReader } from '../dist/derive/heap/index.js';

const [reader, file, memlab] = process.argv.slice(2);

/** As `mettle leak` reads: one buffer, used again. */
function read() {
  const buffer = Buffer.allocUnsafe(1 << 20);
  const descriptor = openSync(file, 'r');
  const snapshot = new SnapshotReader();
  for (;;) {
    const length = readSync(descriptor, buffer);
    if (length === 0) break;
    snapshot.write(buffer.subarray(0, length));
  }
  closeSync(descriptor);
  return snapshot.end();
}

const READERS = {
  /** Every node, edge and string can be asked for. */
  mettle: () => read().nodeCount,
  /** With who holds what, by what, and what each retains: what memlab computes on demand. */
  'mettle with analysis': () => {
    const graph = new HeapGraph(read());
    const { order } = retentionOf(graph);
    dominatorsOf(graph);
    return order.length > 0 ? graph.nodeCount : 0;
  },
  'JSON.parse': () => JSON.parse(readFileSync(file, 'utf8')).snapshot.node_count,
  memlab: async () => {
    const { getFullHeapFromFile } = await import(memlab);
    return (await getFullHeapFromFile(file)).nodes.length;
  },
};

const before = process.cpuUsage();
const startedAt = performance.now();
const nodes = await READERS[reader]();
const { user, system } = process.cpuUsage(before);
const cost = {
  nodes,
  cpuSeconds: (user + system) / 1e6,
  wallSeconds: (performance.now() - startedAt) / 1000,
  peakMegabytes: process.resourceUsage().maxRSS / 1000,
};
// memlab writes to stdout as well.
process.stdout.write(`\n@cost ${JSON.stringify(cost)}\n`, () => process.exit(0));
