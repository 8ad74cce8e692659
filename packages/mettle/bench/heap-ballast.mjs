/*
 * A process with a heap of so many MB, which writes a snapshot of itself:
 *
 *   node heap-ballast.mjs MEGABYTES FILE
 *
 * Small objects with texts and functions, about 34 bytes a node: near the worst case for a reader, since servers' heaps
 * have larger ones.
 */
import { getHeapSnapshot } from 'node:v8';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const [megabytes, file] = process.argv.slice(2);
const bytes = Number(megabytes) * 1e6;
const sessions = new Map();

function session(i) {
  return {
    name: `session ${i}`,
    point: { x: i + 0.5, y: { z: i } },
    tags: [{ tag: i }, [i], `tag ${i % 100}`],
    onClose: () => i,
  };
}

globalThis.gc?.();
for (let i = 0; process.memoryUsage().heapUsed < bytes;)
  for (const end = i + 500; i < end; i++) sessions.set(`key ${i}`, session(i));
await pipeline(getHeapSnapshot(), createWriteStream(file, { mode: 0o600 }));
console.log(JSON.stringify({ heapUsedBytes: process.memoryUsage().heapUsed, sessions: sessions.size }));
