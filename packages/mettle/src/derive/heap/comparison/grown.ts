import { packageOf } from '../../frames.ts';
import type { HolderGrowth, SourceLocation } from '../../../evidence/index.ts';
import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import { growthByOwner } from '../owners.ts';
import type { OwnerGrowth } from '../owners.ts';
import type { HeapPlaces } from '../places.ts';
import { retainingPath } from '../retaining-path.ts';
import type { Retention } from '../retention.ts';
import { classWords, describeNode } from '../words.ts';
import { elementsByClass, mostOf } from './elements.ts';
import type { Elements } from './elements.ts';
import { bytesBelow, holderTotals } from './holders.ts';
import type { HeapSurvey } from './survey.ts';

/** The later snapshot, and what is known of the earlier. */
export interface Seen {
  readonly graph: HeapGraph;
  readonly places: HeapPlaces;
  readonly retention: Retention;
  readonly before: HeapSurvey;
  readonly shownFile: (file: string) => string;
}

/** Less is what any process gains from one minute to the next. */
const LEAST_BYTES = 1024;
/** A single thing that came is a module that was loaded; one of this size may be a buffer that is kept. */
const LARGE_BYTES = 65_536;
const MOST_HOLDERS = 20;
/** So many are looked at for those. */
const MOST_OWNERS = 200;
/** Between processes: a collection that differs by less may differ by chance. */
const FEWEST_MORE = 10;
/** How far up from an element a place in the user's code is looked for. */
const NEARBY = 6;
const MOST_CLOSURES = 8;
/** Node's own objects that stand for a function they call. */
const CALLS = ['callback', '_onTimeout', '_onImmediate'];

/** Of one process: the old objects that hold what is new, by what they hold of it. */
export function grownOwners(
  seen: Seen,
  births: Uint8Array,
  retainedSize: Float64Array,
): readonly HolderGrowth[] {
  const { graph, retention, before } = seen;
  const { owners } = growthByOwner(graph, retention, births, 1);
  const grown = owners
    .filter(({ bytes }) => (bytes[1] as number) >= LEAST_BYTES)
    .toSorted((a, b) => (b.bytes[1] as number) - (a.bytes[1] as number))
    .slice(0, MOST_OWNERS);
  const retainedBefore = retainedOf(
    before,
    grown.map(({ owner }) => graph.id(owner)),
  );
  const rows = grown.flatMap((growth) => {
    const most = newElements(graph, growth);
    if (most === null || (most.count < 2 && (growth.bytes[1] as number) < LARGE_BYTES)) return [];
    const { owner, bytes } = growth;
    const inAll = elementsByClass(graph, owner).get(most.className) ?? 0;
    const elementsAfter = Math.max(inAll, most.count);
    return [
      {
        ...wordsOf(seen, owner, most.top),
        elementClass: elementWords(seen, most.top, most.className),
        elementsBefore: heldBefore(before, graph.id(owner), most, elementsAfter),
        elementsAfter,
        newElements: most.count,
        grownBytes: bytes[1] as number,
        retainedBefore: retainedBefore.get(graph.id(owner)) ?? null,
        retainedAfter: retainedSize[owner] as number,
      },
    ];
  });
  return largestFirst(rows).slice(0, MOST_HOLDERS);
}

/**
 * As many as it held at the first snapshot, those that have gone since among them; of a smaller collection, or one that
 * held mostly something else then, what is not new.
 */
function heldBefore({ elements }: HeapSurvey, owner: number, added: Elements, elementsAfter: number): number {
  const then = elements.get(owner);
  return then?.className === added.className ? then.count : elementsAfter - added.count;
}

/** Node's own behind the user's and their packages': of that the user can change nothing. */
function largestFirst(rows: readonly HolderGrowth[]): readonly HolderGrowth[] {
  const isNodes = (row: HolderGrowth): number => (row.package === 'node' ? 1 : 0);
  return rows.toSorted((a, b) => isNodes(a) - isNodes(b) || b.grownBytes - a.grownBytes);
}

/** A plain object is told by its properties. */
function elementWords({ graph, places, shownFile }: Seen, element: number, className: string): string {
  return className === 'Object' && graph.name(element) === 'Object'
    ? describeNode(graph, places, element, shownFile)
    : className;
}

/** Of what the owner itself got most; a class that only stands below others is none of its elements. */
function newElements(
  graph: HeapGraph,
  { classes }: OwnerGrowth,
): { readonly className: string; readonly count: number; readonly top: number } | null {
  const counts = new Map<string, number>();
  const tops = new Map<string, number>();
  for (const { top, tops: made } of classes) {
    if (top === NONE) continue;
    const name = classWords(graph, top);
    counts.set(name, (counts.get(name) ?? 0) + (made[1] as number));
    tops.set(name, top);
  }
  const most = mostOf(counts);
  return most === null ? null : { ...most, top: tops.get(most.className) as number };
}

function retainedOf(
  { ids, retainedSize }: HeapSurvey,
  wanted: readonly number[],
): ReadonlyMap<number, number> {
  const left = new Set(wanted);
  const found = new Map<number, number>();
  for (let node = 0; node < ids.length; node++)
    if (left.has(ids[node] as number)) found.set(ids[node] as number, retainedSize[node] as number);
  return found;
}

/** Of different processes: the collections that have more elements than those that read the same had. */
export function grownHolders(seen: Seen): readonly HolderGrowth[] {
  const { graph, places, retention, before } = seen;
  const after = holderTotals(graph, retention, places, bytesBelow(graph, retention));
  const rows = [...after]
    .flatMap(([key, now]) => {
      const then = before.holders.get(key);
      const elementsBefore = then?.elements ?? 0;
      const grownBytes = now.bytes - (then?.bytes ?? 0);
      if (now.elements - elementsBefore < FEWEST_MORE || grownBytes < LEAST_BYTES) return [];
      const element = elementOf(graph, now.largest, now.elementClass);
      return [
        {
          ...wordsOf(seen, now.largest, element),
          elementClass: elementWords(seen, element, now.elementClass),
          elementsBefore,
          elementsAfter: now.elements,
          newElements: null,
          grownBytes,
          retainedBefore: null,
          retainedAfter: null,
        },
      ];
    })
    .toSorted((a, b) => b.grownBytes - a.grownBytes)
    .slice(0, MOST_HOLDERS);
  return largestFirst(rows);
}

function ownerOf(file: string): string | null {
  return file.startsWith('node:') ? 'node' : packageOf(file);
}

/** An element of the class, for the path; the holder itself when its elements are not nodes that it holds first. */
function elementOf(graph: HeapGraph, holder: number, className: string): number {
  const { firstEdge, edgeTo } = graph.snapshot;
  const table = graph.follow(holder, 'table');
  for (const node of table === NONE ? [holder] : [table, holder])
    for (let edge = firstEdge[node] as number; edge < (firstEdge[node + 1] as number); edge++) {
      const to = edgeTo[edge] as number;
      if (!graph.isInternal(to) && graph.retains(node, edge) && classWords(graph, to) === className)
        return to;
    }
  return holder;
}

function wordsOf(
  { graph, places, retention, shownFile }: Seen,
  owner: number,
  element: number,
): Pick<HolderGrowth, 'className' | 'path' | 'package' | 'location'> {
  const { steps, file } = retainingPath(graph, retention, places, element, { shownFile });
  const location = locationOf(graph, places, retention, element);
  return {
    className: classWords(graph, owner),
    path: steps,
    package:
      steps[0] === 'Node.js' && location === null
        ? 'node'
        : ownerOf(file === '' ? (location?.file ?? '') : file),
    location,
  };
}

/**
 * Where the element's function or class was written; else one of a function that it holds; else that of the nearest
 * thing above it that has a place.
 */
function locationOf(
  graph: HeapGraph,
  places: HeapPlaces,
  { parent }: Retention,
  element: number,
): SourceLocation | null {
  const own = [...CALLS.map((name) => graph.follow(element, name)), element, ...closuresOf(graph, element)];
  const above: number[] = [];
  for (let at = parent[element] as number; at > 0 && above.length < NEARBY; at = parent[at] as number)
    above.push(at);
  for (const node of [...own, ...above]) {
    // The place of a module's body is its first line, which says nothing.
    const place = node === NONE || graph.name(node) === 'Generator' ? null : places.place(node);
    if (place === null || place.line === 0 || place.file === '' || place.file.startsWith('node:')) continue;
    const { file, line, column } = place;
    return { file, line, column, ...(place.function === '' ? {} : { function: place.function }) };
  }
  return null;
}

function closuresOf(graph: HeapGraph, node: number): readonly number[] {
  const { firstEdge, edgeTo } = graph.snapshot;
  const closures: number[] = [];
  for (let edge = firstEdge[node] as number; edge < (firstEdge[node + 1] as number); edge++) {
    const to = edgeTo[edge] as number;
    if (graph.edgeKind(edge) === 'property' && graph.kind(to) === 'closure') closures.push(to);
    if (closures.length === MOST_CLOSURES) break;
  }
  return closures;
}
