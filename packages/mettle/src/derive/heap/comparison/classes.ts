import type { HeapClassKind } from '../../../evidence/index.ts';
import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import type { HeapPlaces } from '../places.ts';
import { describeNode } from '../words.ts';

/** How many objects there are of a class, and how many of them are new. */
export interface ClassTotal {
  readonly className: string;
  readonly kind: HeapClassKind;
  readonly place: string | null;
  objects: number;
  bytes: number;
  newObjects: number;
}

/** Numbers of classes by type of node (times this) and name, shape or code. */
const NAMES = 2 ** 32;

/**
 * All objects by class: instances by constructor, plain objects by their properties, functions by name and place;
 * strings, numbers, and what V8 keeps for itself are one class each. By name, so that two snapshots can be compared.
 */
export function classTotals(
  graph: HeapGraph,
  places: HeapPlaces,
  births: Uint8Array | null,
  shownFile: (file: string) => string,
): ReadonlyMap<string, ClassTotal> {
  const { type, name, selfSize } = graph.snapshot;
  const totals = new Map<string, ClassTotal>();
  const byNumber = new Map<number, ClassTotal>();
  const plain = graph.wordsFor('Object');
  for (let node = 0; node < graph.nodeCount; node++) {
    const kind = kindOf(graph, node);
    const part = partOf(graph, node, kind, plain.has(name[node] as number));
    const key = part === null ? -1 - KINDS.indexOf(kind) : (type[node] as number) * NAMES + part;
    let total = byNumber.get(key);
    if (total === undefined) {
      total = totalFor(totals, classOf(graph, places, node, kind, shownFile));
      byNumber.set(key, total);
    }
    total.objects++;
    total.bytes += selfSize[node] as number;
    if (births?.[node] === 1) total.newObjects++;
  }
  return totals;
}

const KINDS: readonly HeapClassKind[] = ['object', 'closure', 'string', 'number', 'native', 'internal'];

function kindOf(graph: HeapGraph, node: number): HeapClassKind {
  const kind = graph.kind(node);
  if (kind === 'closure' || kind === 'string' || kind === 'native') return kind;
  if (kind === 'number' || kind === 'bigint') return 'number';
  if (kind === 'regexp') return 'object';
  return kind === 'object' && !graph.hasEngineName(node) ? 'object' : 'internal';
}

/** What tells classes of a kind apart: functions their code, plain objects their shape, others their name. */
function partOf(graph: HeapGraph, node: number, kind: HeapClassKind, isPlain: boolean): number | null {
  if (kind === 'string' || kind === 'number' || kind === 'internal') return null;
  if (graph.kind(node) === 'regexp') return 0;
  if (kind === 'closure') {
    const code = graph.follow(node, 'shared');
    return code === NONE ? (graph.snapshot.name[node] as number) : NAMES / 2 + code;
  }
  if (kind === 'object' && isPlain) {
    const shape = graph.follow(node, 'map');
    if (shape !== NONE) return NAMES / 2 + shape;
  }
  return graph.snapshot.name[node] as number;
}

type ClassName = Pick<ClassTotal, 'className' | 'kind' | 'place'>;

function classOf(
  graph: HeapGraph,
  places: HeapPlaces,
  node: number,
  kind: HeapClassKind,
  shownFile: (file: string) => string,
): ClassName {
  switch (kind) {
    case 'string':
    case 'number':
      return { className: `(${kind}s)`, kind, place: null };
    case 'internal':
      return { className: '(V8’s own)', kind, place: null };
    case 'closure':
    case 'object':
    case 'native': {
      if (graph.isScope(node)) return { className: '(variables of functions)', kind, place: null };
      const place = places.place(node);
      const words =
        kind === 'closure' ? closureName(graph, node) : describeNode(graph, places, node, shownFile);
      return {
        className: kind === 'object' ? words.replace(/ of closure.*$/, '') : words,
        kind,
        place:
          place === null || place.file === ''
            ? null
            : `${shownFile(place.file)}:${place.line}:${place.column}`,
      };
    }
  }
}

function closureName(graph: HeapGraph, node: number): string {
  const name = graph.name(node);
  return name === '' ? 'closure' : `closure ${name}`;
}

function totalFor(totals: Map<string, ClassTotal>, named: ClassName): ClassTotal {
  const key = `${named.kind} ${named.className} ${named.place ?? ''}`;
  let total = totals.get(key);
  if (total === undefined) {
    total = { ...named, objects: 0, bytes: 0, newObjects: 0 };
    totals.set(key, total);
  }
  return total;
}
