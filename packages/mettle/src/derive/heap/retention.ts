import { NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';

/** How each object is held: one holder each, the nearest to the root by edges that a user knows. */
export interface Retention {
  /** NONE for the root and for what nothing holds strongly. */
  readonly parent: Int32Array;
  /** The edge by which the parent holds it. */
  readonly parentEdge: Int32Array;
  /** Every reached node after its parent; the root first. */
  readonly order: Int32Array;
}

/**
 * Roots that hold what is in use just now or what V8 keeps for itself: they explain an object only when nothing else
 * does.
 */
const LAST_ROOTS =
  /Stack roots|Handle scope|Eternal|Relocatable|Debugger|Compilation cache|Weak|Retain maps|Code flusher|object cache|Micro tasks|native stack/i;
/** Node's lists of timers reach everything that waits, by longer and less telling ways than its owner's own. */
const LATE_CLASSES = ['Timeout', 'TimersList', 'Immediate', 'ImmediateList'];
/** Hidden, and yet what a user wrote: modules and the cells of their exports. */
const MODULE_CLASSES = ['system / SourceTextModule', 'system / Cell'];

/**
 * The breadth-first tree from the root. First whatever is reached by variables, properties, elements and tables, from
 * the global object before V8's roots; then, in stages, what is reached only over hidden edges, code, object shapes and timers; last what the stack and V8's own
 * lists hold. Weak edges never hold.
 */
export function retentionOf(graph: HeapGraph): Retention {
  const search = new Search(graph);
  search.run();
  return search;
}

class Search implements Retention {
  readonly parent: Int32Array;
  readonly parentEdge: Int32Array;
  order: Int32Array;
  readonly #graph: HeapGraph;
  readonly #seen: Uint8Array;
  readonly #lateTypes: Uint8Array;
  readonly #objectTypes: Uint8Array;
  readonly #syntheticTypes: Uint8Array;
  readonly #lateNames: Uint8Array;
  readonly #moduleNames: Uint8Array;
  readonly #hiddenEdge: number;
  readonly #shortcutEdge: number;
  readonly #nativeContexts: Uint8Array;
  /** Edges to V8's roots and to those that come last, each with the node it leaves. */
  readonly #gcRoots: [from: number, edge: number][] = [];
  readonly #lastRoots: [from: number, edge: number][] = [];
  #count = 0;
  /** Nodes of the order whose easy edges were followed, and those whose late ones were. */
  #spread = 0;
  #staged = 0;

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    this.parent = new Int32Array(graph.nodeCount).fill(NONE);
    this.parentEdge = new Int32Array(graph.nodeCount).fill(NONE);
    this.order = new Int32Array(graph.nodeCount);
    this.#seen = new Uint8Array(graph.nodeCount);
    this.#lateTypes = graph.typesOf('hidden', 'code', 'shape');
    this.#objectTypes = graph.typesOf('object');
    this.#syntheticTypes = graph.typesOf('synthetic');
    this.#lateNames = graph.flags(LATE_CLASSES);
    this.#moduleNames = graph.flags(MODULE_CLASSES);
    this.#hiddenEdge = graph.edgeTypeOf('hidden');
    this.#shortcutEdge = graph.edgeTypeOf('shortcut');
    this.#nativeContexts = graph.flags(['system / NativeContext']);
  }

  run(): void {
    if (this.#graph.nodeCount === 0) return;
    this.#seen[0] = 1;
    this.order[this.#count++] = 0;
    this.#spreadEasily();
    for (const [from, edge] of this.#gcRoots) this.#take(from, edge);
    this.#spreadInStages();
    for (const [from, edge] of this.#lastRoots) {
      this.#take(from, edge);
      this.#spreadInStages();
    }
    this.order = this.order.subarray(0, this.#count);
  }

  /** Easy edges as far as they go, then the late edges of all that was reached, and again. */
  #spreadInStages(): void {
    for (;;) {
      this.#spreadEasily();
      if (this.#staged === this.#count) return;
      const until = this.#count;
      while (this.#staged < until) this.#follow(this.order[this.#staged++] as number, true);
    }
  }

  #spreadEasily(): void {
    while (this.#spread < this.#count) this.#follow(this.order[this.#spread++] as number, false);
  }

  #follow(from: number, late: boolean): void {
    const { firstEdge, edgeTo } = this.#graph.snapshot;
    const end = firstEdge[from + 1] as number;
    for (let edge = firstEdge[from] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      if (this.#seen[to] === 1 || this.#isLate(from, edge, to) !== late) continue;
      if (!this.#graph.retains(from, edge)) continue;
      const roots = this.#rootsApart(from, to);
      if (roots === null) this.#take(from, edge);
      else if (!late) roots.push([from, edge]);
    }
  }

  #take(from: number, edge: number): void {
    const to = this.#graph.snapshot.edgeTo[edge] as number;
    if (this.#seen[to] === 1) return;
    this.#seen[to] = 1;
    this.parent[to] = from;
    this.parentEdge[to] = edge;
    this.order[this.#count++] = to;
  }

  #isLate(from: number, edge: number, to: number): boolean {
    const { type, name, edgeType } = this.#graph.snapshot;
    const toType = type[to] as number;
    // From the root a short cut leads to the global object, since V8 14 over the context that has all of V8's own.
    if (from === 0 && edgeType[edge] === this.#shortcutEdge) return false;
    if (this.#lateTypes[type[from] as number] === 1 && this.#nativeContexts[name[from] as number] === 1)
      return !this.#graph.name(to).startsWith('global');
    if (edgeType[edge] === this.#hiddenEdge) return this.#moduleNames[name[from] as number] !== 1;
    if (this.#lateTypes[toType] === 1) return this.#moduleNames[name[to] as number] !== 1;
    return this.#objectTypes[toType] === 1 && this.#lateNames[name[to] as number] === 1;
  }

  /** Roots are followed after the global object, and some of them last. */
  #rootsApart(from: number, to: number): [from: number, edge: number][] | null {
    const { snapshot } = this.#graph;
    if (this.#syntheticTypes[snapshot.type[to] as number] !== 1) return null;
    const name = this.#graph.name(to);
    if (from === 0 && name === '(GC roots)') return this.#gcRoots;
    return LAST_ROOTS.test(name) ? this.#lastRoots : null;
  }
}
