import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import { retainingPath } from '../retaining-path.ts';
import { holdersOf } from './screen.ts';
import type { GrowthCandidate, Screening } from './screen.ts';
import { nameOf, ownerClass } from './describe.ts';

/** Where containers keep what they hold. */
const STORES = ['elements', 'table'];
const CONTAINERS = /^(Array|Map|Set)$/;
/** A store that outgrew the first sizes that V8 gives it. */
const LEAST_STORE_BYTES = 256;
const MOST = 20;

/**
 * Containers of the server's own that got a new, larger store during the rounds, though no new object is in it: numbers
 * are no objects. Whether they grow, their live sizes tell.
 */
export function renewedContainers(
  { graph, retention, places, shownFile, isOurs, rounds }: Screening,
  births: Uint8Array,
  known: ReadonlySet<number>,
): readonly GrowthCandidate[] {
  const found: { readonly node: number; readonly bytes: number }[] = [];
  for (const node of retention.order) {
    if (births[node] !== 0 || graph.kind(node) !== 'object' || !CONTAINERS.test(graph.name(node))) continue;
    if (known.has(graph.id(node))) continue;
    const bytes = newStoreBytes(graph, births, node);
    if (bytes >= LEAST_STORE_BYTES) found.push({ node, bytes });
  }
  return found
    .toSorted((a, b) => b.bytes - a.bytes)
    .flatMap(({ node, bytes }): GrowthCandidate[] => {
      const path = retainingPath(graph, retention, places, node, { shownFile });
      // What stands in no file of anybody's is V8's or Node's.
      if (path.file === '' || path.file.startsWith('node:') || isOurs(path.file)) return [];
      const className = ownerClass(graph, node);
      return [
        {
          heapId: graph.id(node),
          owner: {
            kind: className === 'Array' ? 'numbers' : className === 'Map' ? 'map' : 'set',
            className,
            name: nameOf(graph, retention, node),
            file: path.file,
            size: null,
          },
          measure: 'size',
          element: { kind: 'number', description: 'number', function: null, delayMs: null },
          topClass: 'number',
          counts: rounds.map(() => 0),
          match: null,
          bytes,
          externalBytes: 0,
          holds: [],
          path: [...path.steps, 'element number'],
          slot: null,
          callbackId: null,
          heldTimer: null,
          holders: holdersOf(graph, retention, node),
        },
      ];
    })
    .slice(0, MOST);
}

function newStoreBytes(graph: HeapGraph, births: Uint8Array, node: number): number {
  for (const name of STORES) {
    const store = graph.follow(node, name);
    if (store !== NONE && (births[store] as number) > 0) return graph.selfSize(store);
  }
  return 0;
}
