import { isSameFunction, NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';
import type { Retention } from './retention.ts';

/** Objects of one class that an owner got, by birth round. */
export interface ClassCount {
  /** All strings count as one class: which texts there are is up to the arguments. */
  readonly className: string;
  /** New objects of the class that the owner holds directly, or over V8's own tables only; index 0 is unused. */
  readonly tops: Uint32Array;
  /** New objects of the class below the owner, the tops included. */
  readonly objects: Uint32Array;
  /** Their own sizes, in all rounds. */
  readonly bytes: number;
  /** The youngest top; NONE when the class is only found below tops. */
  readonly top: number;
  /** The youngest object of the class. */
  readonly example: number;
}

/** What one old object came to hold since the first fence. */
export interface OwnerGrowth {
  /** The nearest holder that lived at the first fence and that a user would know. */
  readonly owner: number;
  readonly classes: readonly ClassCount[];
  /** The own sizes of all new objects below the owner, by round; index 0 is unused. */
  readonly bytes: Float64Array;
}

export interface GrowthByOwner {
  readonly owners: readonly OwnerGrowth[];
  /** By node: the old owner of a new node; NONE for old nodes and those that have none. */
  readonly ownerOf: Int32Array;
  /** By node: the first node on the way down from the owner that a user would know; itself when it is that. */
  readonly topOf: Int32Array;
  /** New objects and their own sizes, whoever holds them, by round. */
  readonly newObjects: Uint32Array;
  readonly newBytes: Float64Array;
}

interface Counting {
  readonly classes: Map<number, MutableCount>;
  readonly bytes: Float64Array;
}

interface MutableCount {
  readonly className: string;
  readonly tops: Uint32Array;
  readonly objects: Uint32Array;
  bytes: number;
  top: number;
  example: number;
}

/** As the number of a class: V8's type and name together. Strings are below all. */
const STRINGS = -1;
const NAMES = 2 ** 32;

/**
 * Groups what was born after the first fence by its old owner. A chain of one class (a linked list) belongs to what
 * holds its head: each new link is a top.
 */
export function growthByOwner(
  graph: HeapGraph,
  retention: Retention,
  births: Uint8Array,
  rounds: number,
): GrowthByOwner {
  const { type, name, selfSize } = graph.snapshot;
  const { order, parent } = retention;
  const ownerOf = new Int32Array(graph.nodeCount).fill(NONE);
  const topOf = new Int32Array(graph.nodeCount).fill(NONE);
  const newObjects = new Uint32Array(rounds + 1);
  const newBytes = new Float64Array(rounds + 1);
  const slim = graph.typesOf('code', 'shape', 'hidden', 'number', 'symbol');
  const strings = graph.typesOf('string');
  const groups = new Map<number, Counting>();
  for (const node of order) {
    const birth = births[node] as number;
    if (birth === 0) continue;
    const size = selfSize[node] as number;
    newObjects[birth] = (newObjects[birth] as number) + 1;
    newBytes[birth] = (newBytes[birth] as number) + size;
    const holder = parent[node] as number;
    if (births[holder] === 0) {
      ownerOf[node] = oldOwner(graph, parent, holder, node);
      topOf[node] = graph.isInternal(node) ? NONE : node;
    } else {
      ownerOf[node] = ownerOf[holder] as number;
      topOf[node] = topBelow(graph, retention, topOf[holder] as number, node);
    }
    const owner = ownerOf[node];
    const nodeType = type[node] as number;
    if (owner <= 0 || slim[nodeType] === 1) continue;
    let group = groups.get(owner);
    if (group === undefined)
      groups.set(owner, (group = { classes: new Map(), bytes: new Float64Array(rounds + 1) }));
    group.bytes[birth] = (group.bytes[birth] as number) + size;
    const isString = strings[nodeType] === 1;
    const key = isString ? STRINGS : nodeType * NAMES + (name[node] as number);
    let count = group.classes.get(key);
    if (count === undefined)
      group.classes.set(key, (count = newCount(isString ? '(string)' : graph.name(node), rounds, node)));
    count.objects[birth] = (count.objects[birth] as number) + 1;
    count.bytes += size;
    count.example = node;
    if (topOf[node] !== node) continue;
    count.tops[birth] = (count.tops[birth] as number) + 1;
    count.top = node;
  }
  const owners = [...groups].map(([owner, { classes, bytes }]) => ({
    owner,
    classes: [...classes.values()],
    bytes,
  }));
  return { owners, ownerOf, topOf, newObjects, newBytes };
}

function newCount(className: string, rounds: number, example: number): MutableCount {
  return {
    className,
    tops: new Uint32Array(rounds + 1),
    objects: new Uint32Array(rounds + 1),
    bytes: 0,
    top: NONE,
    example,
  };
}

/** The holder itself, or the next above it that a user would know and that is no earlier link of the same chain. */
function oldOwner(graph: HeapGraph, parent: Int32Array, holder: number, node: number): number {
  let owner = holder;
  for (;;) {
    const closure = graph.isScope(owner) ? (parent[owner] as number) : NONE;
    if (closure > 0 && isSameFunction(graph, closure, node)) owner = parent[closure] as number;
    else if (owner > 0 && (graph.isInternal(owner) || isLink(graph, owner, node)))
      owner = parent[owner] as number;
    else return owner;
  }
}

function topBelow(graph: HeapGraph, retention: Retention, holderTop: number, node: number): number {
  if (holderTop === NONE) return graph.isInternal(node) ? NONE : node;
  const holder = retention.parent[node] as number;
  const isNext =
    holderTop === holder
      ? isNextInChain(graph, retention, holder, node)
      : graph.isScope(holder) &&
        retention.parent[holder] === holderTop &&
        isSameFunction(graph, holderTop, node);
  return isNext ? node : holderTop;
}

/** A plain object in a plain object (an entry and its value) is a link of a chain only when that goes on by the same name. */
function isNextInChain(graph: HeapGraph, { parentEdge }: Retention, holder: number, node: number): boolean {
  if (!sameClass(graph, holder, node)) return false;
  if (graph.name(node) !== 'Object') return true;
  const next = graph.follow(node, graph.edgeName(parentEdge[node] as number));
  return next !== NONE && sameClass(graph, node, next);
}

/** Plain objects hold each other without being links of a chain. */
function isLink(graph: HeapGraph, holder: number, node: number): boolean {
  return sameClass(graph, holder, node) && graph.name(node) !== 'Object';
}

function sameClass(graph: HeapGraph, a: number, b: number): boolean {
  const { type, name } = graph.snapshot;
  return type[a] === type[b] && name[a] === name[b] && graph.kind(a) === 'object';
}
