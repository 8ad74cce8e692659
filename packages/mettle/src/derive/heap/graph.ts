import type { HeapSnapshot } from './reader.ts';

/** No node, no edge. */
export const NONE = -1;

/** What V8 says of a node: its `type` field. Of a newer V8 there may be others, which are `other`. */
export type NodeKind =
  | 'hidden'
  | 'array'
  | 'string'
  | 'object'
  | 'code'
  | 'closure'
  | 'regexp'
  | 'number'
  | 'native'
  | 'synthetic'
  | 'symbol'
  | 'bigint'
  | 'shape'
  | 'other';

export type EdgeKind =
  | 'context'
  | 'element'
  | 'property'
  | 'internal'
  | 'hidden'
  | 'shortcut'
  | 'weak'
  | 'other';

const NODE_KINDS: Readonly<Record<string, NodeKind>> = {
  hidden: 'hidden',
  array: 'array',
  string: 'string',
  'concatenated string': 'string',
  'sliced string': 'string',
  object: 'object',
  code: 'code',
  closure: 'closure',
  regexp: 'regexp',
  number: 'number',
  'heap number': 'number',
  native: 'native',
  synthetic: 'synthetic',
  symbol: 'symbol',
  bigint: 'bigint',
  'object shape': 'shape',
};

const EDGE_KINDS: readonly EdgeKind[] = [
  'context',
  'element',
  'property',
  'internal',
  'hidden',
  'shortcut',
  'weak',
];

/** Every name of an ephemeron's edge is of this form, with the names and ids of both. */
const EPHEMERON = / \/ part of key \(.* pair in WeakMap \(table @(\d+)\)$/s;
/** Shorter than any of them. */
const EPHEMERON_BYTES = 40;

/** Asked for in most heaps: looked up together, since each look goes over all strings. */
const COMMON_WORDS = [
  'Generator',
  'Immediate',
  'ImmediateList',
  'Object',
  'Timeout',
  'TimersList',
  '_idleTimeout',
  '_onImmediate',
  '_onTimeout',
  '_repeat',
  'callback',
  'context',
  'extension',
  'filename',
  'function',
  'map',
  'previous',
  'scope_info',
  'script',
  'script_or_debug_info',
  'shared',
  'size',
  'system / Cell',
  'system / Context',
  'system / NativeContext',
  'system / SourceTextModule',
  'table',
  'value',
];

/** A snapshot as a graph of objects: what a node is, what it is called, where its edges lead. */
export class HeapGraph {
  readonly snapshot: HeapSnapshot;
  readonly nodeCount: number;
  readonly #nodeKinds: readonly NodeKind[];
  readonly #edgeKinds: readonly EdgeKind[];
  /** By type of node and by type of edge: 1 = of that kind. Loops over all edges compare bytes, not words. */
  readonly #typesOf = new Map<string, Uint8Array>();
  readonly #engineNames: Int8Array;
  readonly #weakEdge: number;
  readonly #internalEdge: number;
  readonly #arrayTypes: Uint8Array;
  readonly #words: Map<string, ReadonlySet<number>>;

  constructor(snapshot: HeapSnapshot) {
    this.snapshot = snapshot;
    this.nodeCount = snapshot.nodeCount;
    this.#nodeKinds = snapshot.nodeTypes.map((name) => NODE_KINDS[name] ?? 'other');
    this.#edgeKinds = snapshot.edgeTypes.map((name) => EDGE_KINDS.find((kind) => kind === name) ?? 'other');
    this.#engineNames = new Int8Array(snapshot.strings.count);
    this.#words = new Map(snapshot.strings.find(COMMON_WORDS));
    this.#weakEdge = this.edgeTypeOf('weak');
    this.#internalEdge = this.edgeTypeOf('internal');
    this.#arrayTypes = this.typesOf('array');
  }

  kind(node: number): NodeKind {
    return this.#nodeKinds[this.snapshot.type[node] as number] ?? 'other';
  }

  /** V8's name of a node: a class, a function's name, a string's text, `system / Map`. */
  name(node: number): string {
    return this.snapshot.strings.text(this.snapshot.name[node] as number);
  }

  id(node: number): number {
    return this.snapshot.id[node] as number;
  }

  selfSize(node: number): number {
    return this.snapshot.selfSize[node] as number;
  }

  edgeKind(edge: number): EdgeKind {
    return this.#edgeKinds[this.snapshot.edgeType[edge] as number] ?? 'other';
  }

  /** By what its holder reaches it: a property, a variable, or the index of an element. */
  edgeName(edge: number): string {
    const kind = this.edgeKind(edge);
    const name = this.snapshot.edgeName[edge] as number;
    return kind === 'element' || kind === 'hidden' ? String(name) : this.snapshot.strings.text(name);
  }

  /** The node that `node` reaches by a name (not by an index); NONE when there is none. */
  follow(node: number, name: string): number {
    if (node < 0) return NONE;
    const { firstEdge, edgeName, edgeTo } = this.snapshot;
    const words = this.wordsFor(name);
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (!words.has(edgeName[edge] as number)) continue;
      const kind = this.edgeKind(edge);
      if (kind !== 'element' && kind !== 'hidden') return edgeTo[edge] as number;
    }
    return NONE;
  }

  /** The strings that read so. V8 may keep one text twice. */
  wordsFor(text: string): ReadonlySet<number> {
    let found = this.#words.get(text);
    if (found === undefined) {
      found = this.snapshot.strings.find([text]).get(text) ?? new Set<number>();
      this.#words.set(text, found);
    }
    return found;
  }

  /** By string: 1 where it is one of `words`. For loops over all nodes. */
  flags(words: readonly string[]): Uint8Array {
    const flags = new Uint8Array(this.snapshot.strings.count);
    for (const word of words) for (const index of this.wordsFor(word)) flags[index] = 1;
    return flags;
  }

  /** By type of node: 1 where it is one of `kinds`. */
  typesOf(...kinds: readonly NodeKind[]): Uint8Array {
    const key = kinds.join();
    let types = this.#typesOf.get(key);
    if (types === undefined) {
      types = new Uint8Array(256);
      this.#nodeKinds.forEach((kind, type) => {
        if (kinds.includes(kind)) (types as Uint8Array)[type] = 1;
      });
      this.#typesOf.set(key, types);
    }
    return types;
  }

  /** The number that the snapshot has for a kind of edge; 255 when it has none. */
  edgeTypeOf(kind: EdgeKind): number {
    const type = this.#edgeKinds.indexOf(kind);
    return type < 0 ? 255 : type;
  }

  /** Of an object: whether V8 or the embedder made it for itself, so that no user would know it by its name. */
  hasEngineName(node: number): boolean {
    const index = this.snapshot.name[node] as number;
    let known = this.#engineNames[index] as number;
    if (known === 0) {
      const name = this.snapshot.strings.text(index);
      known = /^\(|^system \/ (?!Context$)/.test(name) ? 1 : 2;
      this.#engineNames[index] = known;
    }
    return known === 1;
  }

  /** A part of how V8 keeps things (tables, shapes, code, cells, boxed numbers), not a thing of the user's. */
  isInternal(node: number): boolean {
    const kind = this.kind(node);
    if (kind === 'object' || kind === 'native') return kind === 'object' && this.hasEngineName(node);
    return (
      kind === 'array' ||
      kind === 'hidden' ||
      kind === 'code' ||
      kind === 'shape' ||
      kind === 'number' ||
      kind === 'synthetic'
    );
  }

  /** A function's or a module's variables. */
  isScope(node: number): boolean {
    return (
      this.kind(node) === 'object' &&
      this.wordsFor('system / Context').has(this.snapshot.name[node] as number)
    );
  }

  /**
   * Whether an edge keeps its target alive. Weak edges do not; nor does a WeakMap's table its values, which live as
   * long as their keys: they have an edge from the key as well.
   */
  retains(from: number, edge: number): boolean {
    const { strings, edgeName, edgeType, type } = this.snapshot;
    const kind = edgeType[edge] as number;
    if (kind === this.#weakEdge) return false;
    if (kind !== this.#internalEdge || this.#arrayTypes[type[from] as number] !== 1) return true;
    const name = edgeName[edge] as number;
    if (strings.byteLength(name) < EPHEMERON_BYTES) return true;
    const table = EPHEMERON.exec(strings.raw(name).toString('latin1'))?.[1];
    return Number(table) !== this.id(from);
  }
}

/**
 * Two closures of one function of the source. One that has the other in its variables (`undo = () => previous()`) is a
 * link of a chain.
 */
export function isSameFunction(graph: HeapGraph, a: number, b: number): boolean {
  if (graph.kind(a) !== 'closure' || graph.kind(b) !== 'closure') return false;
  const code = graph.follow(a, 'shared');
  return code !== NONE && code === graph.follow(b, 'shared');
}
