import { birthRounds } from '../births.ts';
import { HeapGraph } from '../graph.ts';
import { growthByOwner } from '../owners.ts';
import type { HeapSnapshot } from '../reader.ts';
import { retentionOf } from '../retention.ts';
import { classWords } from '../words.ts';

/** Of one owner's elements of a class: how many of those counted in the rounds live still, and how many came later. */
export interface LaterElements {
  readonly kept: number;
  readonly born: number;
}

export interface LaterGrowth {
  /** Null where that owner has none that were counted or came later. */
  byOwner(heapId: number, className: string): LaterElements | null;
  /** The most that any owner got of the class: where the owner's id has gone. */
  byClass(className: string): number;
}

/** What was born in the rounds, between the first two fences, and after them, and lives still. */
export function laterGrowth(snapshot: HeapSnapshot, fences: readonly [number, number]): LaterGrowth {
  const graph = new HeapGraph(snapshot);
  const growth = growthByOwner(graph, retentionOf(graph), birthRounds(snapshot, fences), fences.length);
  const owners = new Map<string, LaterElements>();
  const classes = new Map<string, number>();
  for (const { owner, classes: counts } of growth.owners) {
    for (const { tops, top } of counts) {
      if (top < 0) continue;
      const name = classWords(graph, top);
      const key = keyOf(graph.id(owner), name);
      const [, kept = 0, born = 0] = tops;
      const known = owners.get(key) ?? { kept: 0, born: 0 };
      owners.set(key, { kept: Math.max(known.kept, kept), born: Math.max(known.born, born) });
      classes.set(name, Math.max(classes.get(name) ?? 0, born));
    }
  }
  return {
    byOwner: (heapId, className) => owners.get(keyOf(heapId, className)) ?? null,
    byClass: (className) => classes.get(className) ?? 0,
  };
}

function keyOf(heapId: number, className: string): string {
  return `${heapId} ${className}`;
}
