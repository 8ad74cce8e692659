import type { HeapGraph } from '../graph.ts';
import { NONE } from '../graph.ts';
import type { HeapPlaces } from '../places.ts';
import { retainingPath } from '../retaining-path.ts';
import type { Retention } from '../retention.ts';
import { classWords } from '../words.ts';
import { elementsByClass, mostOf } from './elements.ts';
import type { Elements } from './elements.ts';

/** All objects that are held in the same way, by what they hold. */
export interface HolderTotal {
  readonly className: string;
  readonly elementClass: string;
  elements: number;
  /** What is held below them. */
  bytes: number;
  /** The one with most elements. */
  largest: number;
  largestElements: number;
}

/** A collection with fewer elements is no place where a server's memory goes. */
const FEWEST_ELEMENTS = 16;
/** Of the collections of a heap, so many of the largest are compared. */
const MOST_HOLDERS = 3000;

/**
 * The larger collections of a heap by how they are held, in words: what reads the same in two snapshots is taken for the
 * same. `bytes`: what is held below each node.
 */
export function holderTotals(
  graph: HeapGraph,
  retention: Retention,
  places: HeapPlaces,
  bytes: Float64Array,
): ReadonlyMap<string, HolderTotal> {
  const holders = [...largeHolders(graph, retention)];
  holders.sort((a, b) => (bytes[b] as number) - (bytes[a] as number));
  const totals = new Map<string, HolderTotal>();
  for (const node of holders.slice(0, MOST_HOLDERS)) {
    const most = mostOf(elementsByClass(graph, node));
    if (most === null || most.count < FEWEST_ELEMENTS) continue;
    const { steps } = retainingPath(graph, retention, places, node, { shownFile: shortFile });
    const key = [...steps, most.className].join(' → ');
    let total = totals.get(key);
    if (total === undefined) {
      total = {
        className: classWords(graph, node),
        elementClass: most.className,
        elements: 0,
        bytes: 0,
        largest: node,
        largestElements: 0,
      };
      totals.set(key, total);
    }
    total.elements += most.count;
    total.bytes += bytes[node] as number;
    if (most.count > total.largestElements) {
      total.largest = node;
      total.largestElements = most.count;
    }
  }
  return totals;
}

/** What each larger collection of a heap has most of, by the collection's id: to know in a later snapshot how many there were. */
export function elementsOfHolders(
  graph: HeapGraph,
  retention: Retention,
  bytes: Float64Array,
): ReadonlyMap<number, Elements> {
  const holders = [...largeHolders(graph, retention)].toSorted(
    (a, b) => (bytes[b] as number) - (bytes[a] as number),
  );
  return new Map(
    holders.slice(0, MOST_HOLDERS).flatMap((node) => {
      const most = mostOf(elementsByClass(graph, node));
      return most === null ? [] : [[graph.id(node), most]];
    }),
  );
}

/** What is held below each node of the tree of retention, its own size included: every byte counts for all above it. */
export function bytesBelow(graph: HeapGraph, { order, parent }: Retention): Float64Array {
  const bytes = new Float64Array(graph.nodeCount);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as number;
    const above = parent[node] as number;
    const own = (bytes[node] as number) + graph.selfSize(node);
    bytes[node] = own;
    if (above !== NONE) bytes[above] = (bytes[above] as number) + own;
  }
  return bytes;
}

/** Objects with many edges of their own, or whose table has many. */
function largeHolders(graph: HeapGraph, { parent }: Retention): ReadonlySet<number> {
  const { firstEdge, type } = graph.snapshot;
  const types = graph.typesOf('object', 'array');
  const found = new Set<number>();
  for (let node = 1; node < graph.nodeCount; node++) {
    if (types[type[node] as number] !== 1) continue;
    if ((firstEdge[node + 1] as number) - (firstEdge[node] as number) < FEWEST_ELEMENTS) continue;
    let holder = node;
    while (holder > 0 && graph.isInternal(holder)) holder = parent[holder] as number;
    // The variables of a function do not become more.
    if (holder > 0 && graph.kind(holder) === 'object' && !graph.isScope(holder)) found.add(holder);
  }
  return found;
}

/** The same server may stand in another folder, on another machine. */
function shortFile(file: string): string {
  return file.split(/[/\\]/).slice(-2).join('/');
}
