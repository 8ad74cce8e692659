import { birthRounds } from '../births.ts';
import { HeapGraph } from '../graph.ts';
import { growthByOwner } from '../owners.ts';
import type { HeapSnapshot } from '../reader.ts';
import { retentionOf } from '../retention.ts';
import { classWords } from '../words.ts';

/** How many new tops of a class an owner has: `owner id`, or any owner of the class where that id has gone. */
export interface LaterGrowth {
  byOwner(heapId: number): number;
  byClass(className: string): number;
}

/** What was born after the fence and lives still: elements by their owner's id, and by their own class. */
export function laterGrowth(snapshot: HeapSnapshot, fence: number): LaterGrowth {
  const graph = new HeapGraph(snapshot);
  const growth = growthByOwner(graph, retentionOf(graph), birthRounds(snapshot, [fence]), 1);
  const owners = new Map<number, number>();
  const classes = new Map<string, number>();
  for (const { owner, classes: counts } of growth.owners) {
    for (const { tops, top } of counts) {
      const count = tops[1] ?? 0;
      if (count === 0 || top < 0) continue;
      const id = graph.id(owner);
      owners.set(id, Math.max(owners.get(id) ?? 0, count));
      const name = classWords(graph, top);
      classes.set(name, Math.max(classes.get(name) ?? 0, count));
    }
  }
  return {
    byOwner: (heapId) => owners.get(heapId) ?? 0,
    byClass: (className) => classes.get(className) ?? 0,
  };
}
