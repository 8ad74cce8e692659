import { NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';

/** What would go if an object went. */
export interface Dominators {
  /** The nearest object without which the node would not be held; NONE for the root and what is not held. */
  readonly dominator: Int32Array;
  /** The node's own size and that of all it dominates: what a collection would free if it went. */
  readonly retainedSize: Float64Array;
}

/**
 * Immediate dominators by the algorithm of T. Lengauer and R. E. Tarjan, "A Fast Algorithm for Finding Dominators in a
 * Flowgraph", ACM TOPLAS 1(1), 1979, the simple version with path compression: O(m log n), whatever the shape. (The
 * iterative one of Cooper, Harvey and Kennedy is shorter, and on the long lists that leaks are made of, much slower.)
 *
 * All is kept by number of depth-first search, in columns; nothing recurses.
 */
export function dominatorsOf(graph: HeapGraph): Dominators {
  const search = depthFirst(graph);
  const immediate = new Lengauer(search, predecessorsOf(graph, search)).run();
  const dominator = new Int32Array(graph.nodeCount).fill(NONE);
  const retainedSize = new Float64Array(graph.nodeCount);
  const { vertex, count } = search;
  for (let number = count - 1; number >= 0; number--) {
    const node = vertex[number] as number;
    retainedSize[node] = (retainedSize[node] as number) + graph.selfSize(node);
    if (number === 0) continue;
    const above = vertex[immediate[number] as number] as number;
    dominator[node] = above;
    retainedSize[above] = (retainedSize[above] as number) + retainedSize[node];
  }
  return { dominator, retainedSize };
}

interface DepthFirst {
  readonly count: number;
  /** Nodes by number. */
  readonly vertex: Int32Array;
  /** Numbers by node; NONE for what is not reached. */
  readonly number: Int32Array;
  /** The number of the one from which each was reached, by number. */
  readonly parent: Int32Array;
}

function depthFirst(graph: HeapGraph): DepthFirst {
  const { firstEdge, edgeTo } = graph.snapshot;
  const vertex = new Int32Array(graph.nodeCount);
  const number = new Int32Array(graph.nodeCount).fill(NONE);
  const parent = new Int32Array(graph.nodeCount);
  // Of each node on the way down, the edge to look at next; the way back up is `parent`.
  const next = Uint32Array.from(firstEdge.subarray(0, graph.nodeCount));
  let count = 0;
  if (graph.nodeCount > 0) {
    number[0] = 0;
    vertex[count++] = 0;
  }
  let at = graph.nodeCount > 0 ? 0 : NONE;
  while (at !== NONE) {
    const edge = next[at] as number;
    if (edge === firstEdge[at + 1]) {
      const own = number[at] as number;
      at = own === 0 ? NONE : (vertex[parent[own] as number] as number);
      continue;
    }
    next[at] = edge + 1;
    const to = edgeTo[edge] as number;
    if (number[to] !== NONE || !graph.retains(at, edge)) continue;
    number[to] = count;
    parent[count] = number[at] as number;
    vertex[count++] = to;
    at = to;
  }
  return { count, vertex, number, parent };
}

/** Who holds each node, by numbers: those of `number` are `from[first[number]]` up to `first[number + 1]`. */
interface Predecessors {
  readonly first: Uint32Array;
  readonly from: Uint32Array;
}

function predecessorsOf(graph: HeapGraph, { count, vertex, number }: DepthFirst): Predecessors {
  const { firstEdge, edgeTo } = graph.snapshot;
  const first = new Uint32Array(count + 2);
  const each = (visit: (from: number, to: number) => void): void => {
    for (let own = 0; own < count; own++) {
      const node = vertex[own] as number;
      const end = firstEdge[node + 1] as number;
      for (let edge = firstEdge[node] as number; edge < end; edge++)
        if (graph.retains(node, edge)) visit(own, number[edgeTo[edge] as number] as number);
    }
  };
  each((_, to) => {
    first[to + 2] = (first[to + 2] as number) + 1;
  });
  for (let i = 2; i < first.length; i++) first[i] = (first[i] as number) + (first[i - 1] as number);
  const from = new Uint32Array(first[count + 1] as number);
  // `first[to + 1]` runs from the beginning of its stretch to its end, which is where the next begins.
  each((own, to) => {
    const place = first[to + 1] as number;
    from[place] = own;
    first[to + 1] = place + 1;
  });
  return { first, from };
}

/** The names are those of the paper. */
class Lengauer {
  readonly #search: DepthFirst;
  readonly #predecessors: Predecessors;
  readonly #semi: Int32Array;
  readonly #ancestor: Int32Array;
  readonly #label: Int32Array;
  readonly #path: Int32Array;

  constructor(search: DepthFirst, predecessors: Predecessors) {
    const { count } = search;
    this.#search = search;
    this.#predecessors = predecessors;
    this.#semi = new Int32Array(count);
    for (let i = 0; i < count; i++) this.#semi[i] = i;
    this.#label = this.#semi.slice();
    this.#ancestor = new Int32Array(count).fill(NONE);
    this.#path = new Int32Array(count);
  }

  run(): Int32Array {
    const { count, parent } = this.#search;
    const { first, from } = this.#predecessors;
    const semi = this.#semi;
    const dom = new Int32Array(count);
    // The buckets as lists: those whose semidominator a number is.
    const bucket = new Int32Array(count).fill(NONE);
    const nextInBucket = new Int32Array(count).fill(NONE);
    for (let w = count - 1; w > 0; w--) {
      for (let i = first[w] as number; i < (first[w + 1] as number); i++) {
        const u = this.#evaluate(from[i] as number);
        if ((semi[u] as number) < (semi[w] as number)) semi[w] = semi[u] as number;
      }
      const s = semi[w] as number;
      nextInBucket[w] = bucket[s] as number;
      bucket[s] = w;
      const p = parent[w] as number;
      this.#ancestor[w] = p;
      for (let v = bucket[p] as number; v !== NONE; v = nextInBucket[v] as number) {
        const u = this.#evaluate(v);
        dom[v] = (semi[u] as number) < (semi[v] as number) ? u : p;
      }
      bucket[p] = NONE;
    }
    for (let w = 1; w < count; w++) {
      if (dom[w] !== semi[w]) dom[w] = dom[dom[w] as number] as number;
    }
    return dom;
  }

  /** EVAL: of the forest's path above v, the one with the least semidominator; the path is compressed. */
  #evaluate(v: number): number {
    const ancestor = this.#ancestor;
    const label = this.#label;
    const semi = this.#semi;
    if (ancestor[v] === NONE) return v;
    let length = 0;
    for (let at = v; ancestor[ancestor[at] as number] !== NONE; at = ancestor[at] as number)
      this.#path[length++] = at;
    while (length > 0) {
      const at = this.#path[--length] as number;
      const above = ancestor[at] as number;
      if ((semi[label[above] as number] as number) < (semi[label[at] as number] as number))
        label[at] = label[above] as number;
      ancestor[at] = ancestor[above] as number;
    }
    return label[v] as number;
  }
}
