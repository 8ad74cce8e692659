/*
 * A snapshot of a heap several times as large, made of a smaller one: its nodes, edges and strings over and over, each
 * copy held by the root.
 *
 *   node heap-multiply.mjs FILE TIMES OUT
 *
 * V8 takes minutes and 12 GB of memory for the snapshot of 1 GB. A reader is asked the same by both.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { SnapshotReader } from '../dist/derive/heap/index.js';

const [file, times, out] = process.argv.slice(2);
const copies = Number(times);
const FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];

const buffer = Buffer.allocUnsafe(1 << 20);
const descriptor = openSync(file, 'r');
const reader = new SnapshotReader();
for (let length; (length = readSync(descriptor, buffer)) > 0;) reader.write(buffer.subarray(0, length));
closeSync(descriptor);
const heap = reader.end();

const target = openSync(out, 'w', 0o600);
let pending = [];
let pendingLength = 0;
function write(text) {
  pending.push(text);
  pendingLength += text.length;
  if (pendingLength > 1 << 20) flush();
}
function flush() {
  writeSync(target, pending.join(''));
  pending = [];
  pendingLength = 0;
}

const { nodeCount, edgeCount, strings, firstEdge } = heap;
const highest = heap.id.reduce((most, id) => Math.max(most, id), 0) + 1;
const extra = copies - 1;
const isIndex = new Set(['element', 'hidden'].map((name) => heap.edgeTypes.indexOf(name)));
const element = heap.edgeTypes.indexOf('element');
const meta = {
  node_fields: FIELDS,
  node_types: [heap.nodeTypes, 'string', 'number', 'number', 'number', 'number'],
  edge_fields: ['type', 'name_or_index', 'to_node'],
  edge_types: [heap.edgeTypes, 'string_or_number', 'node'],
  location_fields: ['object_index', 'script_id', 'line', 'column'],
};
const counts = { node_count: nodeCount * copies, edge_count: edgeCount * copies + extra };
write(`{"snapshot":${JSON.stringify({ meta, ...counts })},\n"nodes":[`);
for (let copy = 0; copy < copies; copy++)
  for (let node = 0; node < nodeCount; node++) {
    const edges = firstEdge[node + 1] - firstEdge[node] + (copy === 0 && node === 0 ? extra : 0);
    const id = heap.id[node] + copy * (highest + (highest % 2));
    const name = heap.name[node] + copy * strings.count;
    write(
      `${copy + node === 0 ? '' : '\n,'}${heap.type[node]},${name},${id},${heap.selfSize[node]},${edges},0`,
    );
  }
write('],\n"edges":[');
for (let copy = 0; copy < copies; copy++)
  for (let node = 0; node < nodeCount; node++) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const name = heap.edgeName[edge] + (isIndex.has(heap.edgeType[edge]) ? 0 : copy * strings.count);
      const to = (heap.edgeTo[edge] + copy * nodeCount) * FIELDS.length;
      write(`${copy + edge === 0 ? '' : '\n,'}${heap.edgeType[edge]},${name},${to}`);
    }
    if (copy + node > 0) continue;
    for (let other = 1; other < copies; other++)
      write(`\n,${element},${1000 + other},${other * nodeCount * FIELDS.length}`);
  }
write('],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[],\n"strings":[');
flush();
for (let copy = 0; copy < copies; copy++)
  for (let index = 0; index < strings.count; index++)
    write(`${copy + index === 0 ? '' : ',\n'}"${strings.raw(index).toString('utf8')}"`);
write(']}\n');
flush();
closeSync(target);
