import { Buffer } from 'node:buffer';
import { parseLayout } from './layout.ts';
import { NumberTable } from './number-table.ts';
import { SnapshotError } from './snapshot-error.ts';

/** Where the description of the snapshot ends; V8 writes its nodes next. */
const NODES = '"nodes":[';
/** See reader.ts: the description has a few hundred bytes. */
const LONGEST_HEADER = 1 << 20;

/**
 * The highest odd id of a snapshot, of which only the first half is read: what divides older objects from younger ones.
 * See `birthRounds`.
 */
export async function readFence(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
  let header: Buffer = Buffer.alloc(0);
  let table: NumberTable | null = null;
  let offset = 0;
  let highest = 0;
  for await (const chunk of chunks) {
    let at = 0;
    if (table === null) {
      const before = header.length;
      header = Buffer.concat([header, chunk]);
      const begin = header.indexOf(NODES);
      if (begin < 0) {
        if (header.length > LONGEST_HEADER) break;
        offset += chunk.length;
        continue;
      }
      const text = header.toString('utf8', 0, begin);
      const description = text.slice(text.indexOf(':') + 1).replace(/,\s*$/, '');
      const { node, nodeWidth } = parseLayout(description, 0);
      table = new NumberTable('nodes', nodeWidth, {
        rows(values, count) {
          for (let place = node.id; place < count * nodeWidth; place += nodeWidth) {
            const id = values[place] as number;
            if (id > highest && id % 2 === 1) highest = id;
          }
        },
      });
      at = begin + NODES.length - before;
    }
    if (table.read(chunk, at, offset) >= 0) return highest;
    offset += chunk.length;
  }
  throw new SnapshotError(`it ends before its nodes do (byte ${offset})`, offset);
}
