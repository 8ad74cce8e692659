import { SnapshotReader } from '../../src/derive/heap/index.ts';
import type { HeapSnapshot } from '../../src/derive/heap/index.ts';

/*
 * Heaps for tests, in a small language: things are made, and held by one another. Ids rise as things are made, so that
 * what is made after `fence()` is younger than it. The outcome is a snapshot as V8 writes it, in bytes.
 */

type EdgeKind = 'context' | 'element' | 'property' | 'internal' | 'hidden' | 'shortcut' | 'weak';
interface Edge {
  readonly kind: EdgeKind;
  readonly name: string | number;
  readonly to: Thing;
}

/** The fields of a node, by who writes them. */
export const DIALECTS = {
  node20: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'],
  node24: ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'],
  bare: ['type', 'name', 'id', 'self_size', 'edge_count'],
  shuffled: ['edge_count', 'self_size', 'detachedness', 'id', 'name', 'type'],
} as const;
export type Dialect = keyof typeof DIALECTS;

const NODE_TYPES = [
  'hidden',
  'array',
  'string',
  'object',
  'code',
  'closure',
  'regexp',
  'number',
  'native',
  'synthetic',
  'concatenated string',
  'sliced string',
  'symbol',
  'bigint',
  'object shape',
] as const;
type NodeType = (typeof NODE_TYPES)[number];
const EDGE_TYPES: readonly EdgeKind[] = [
  'context',
  'element',
  'property',
  'internal',
  'hidden',
  'shortcut',
  'weak',
];

/** One node of a heap that is being made. */
export class Thing {
  readonly type: NodeType;
  readonly name: string;
  readonly size: number;
  readonly id: number;
  readonly edges: Edge[] = [];
  place: readonly [scriptId: number, line: number, column: number] | null = null;
  #table: Thing | null = null;
  readonly #heap: SyntheticHeap;

  constructor(heap: SyntheticHeap, type: NodeType, name: string, size: number, id: number) {
    this.#heap = heap;
    this.type = type;
    this.name = name;
    this.size = size;
    this.id = id;
  }

  holds(kind: EdgeKind, name: string | number, to: Thing): this {
    this.edges.push({ kind, name, to });
    return this;
  }

  /** Properties; V8 keeps no edge to small numbers. */
  has(properties: Readonly<Record<string, Thing>>): this {
    for (const [name, to] of Object.entries(properties)) this.holds('property', name, to);
    return this;
  }

  /** Entries of a Map or a Set, elements of an array. */
  contains(...things: readonly Thing[]): this {
    if (this.name === 'Array') for (const thing of things) this.holds('element', this.edges.length, thing);
    else
      for (const thing of things)
        this.#ownTable().holds('internal', `${this.#ownTable().edges.length + 7}`, thing);
    return this;
  }

  #ownTable(): Thing {
    if (this.#table === null) {
      this.#table = this.#heap.thing('array', '', 64);
      this.holds('internal', 'table', this.#table);
    }
    return this.#table;
  }
}

/** A heap that is being made; it has a global object and V8's roots from the start. */
export class SyntheticHeap {
  readonly root: Thing;
  readonly global: Thing;
  readonly #roots: Thing;
  readonly #handles: Thing;
  readonly #things: Thing[] = [];
  readonly #scripts = new Map<string, Thing>();
  readonly #native: Thing;
  #nextId = 1;
  #edges = 0;

  constructor() {
    this.root = this.thing('synthetic', '', 0);
    this.#roots = this.thing('synthetic', '(GC roots)', 0);
    this.#handles = this.thing('synthetic', '(Global handles)', 0);
    this.global = this.thing('object', 'global', 32);
    this.#native = this.thing('hidden', 'system / NativeContext', 200);
    this.root.holds('element', 1, this.#roots).holds('shortcut', 2, this.global);
    this.#roots.holds('element', 1, this.#handles);
    this.#handles.holds('internal', '1', this.#native);
  }

  thing(type: NodeType, name: string, size: number): Thing {
    const thing = new Thing(this, type, name, size, this.#nextId);
    this.#nextId += 2;
    this.#things.push(thing);
    return thing;
  }

  object(className = 'Object', properties: Readonly<Record<string, Thing>> = {}, size = 40): Thing {
    return this.thing('object', className, size).has(properties);
  }

  map(...entries: readonly Thing[]): Thing {
    return this.object('Map', {}, 32).contains(...entries);
  }

  array(...elements: readonly Thing[]): Thing {
    return this.object('Array', {}, 16).contains(...elements);
  }

  string(text: string): Thing {
    return this.thing('string', text, 16 + text.length);
  }

  /** A function written at `file:line:column`, in the given scope. */
  closure(name: string, at: string, scope?: Thing): Thing {
    const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
    if (file === undefined) throw new Error(`"${at}" is no place such as /srv/a.js:1:2`);
    const closure = this.thing('closure', name, 56);
    const script = this.#script(file);
    closure.place = [this.#scriptId(file), Number(line) - 1, Number(column) - 1];
    closure.holds('internal', 'shared', this.thing('code', name, 56).holds('internal', 'script', script));
    return scope === undefined ? closure : closure.holds('internal', 'context', scope);
  }

  /** The variables of a function, within those of a module or of another function. */
  scope(functionName: string, outer: Thing, variables: Readonly<Record<string, Thing>>): Thing {
    const scope = this.thing('object', 'system / Context', 40);
    const info = this.thing('code', 'system / ScopeInfo', 48);
    [...Object.keys(variables), functionName].forEach((name, i) =>
      info.holds('hidden', i, this.string(name)),
    );
    for (const [name, to] of Object.entries(variables)) scope.holds('context', name, to);
    return scope.holds('internal', 'scope_info', info).holds('internal', 'previous', outer);
  }

  /** A CommonJS module with a function that keeps its variables. */
  module(file: string, variables: Readonly<Record<string, Thing>>): Thing {
    const scope = this.scope('', this.#native, variables);
    const exports = this.object('Object', { main: this.closure('main', `${file}:1:1`, scope) });
    const module = this.object('Module', { filename: this.string(file), exports });
    this.#handles.holds('internal', `${this.#handles.edges.length + 1}`, module);
    return scope;
  }

  /** An ECMAScript module with exported variables. */
  esmModule(file: string, exported: Readonly<Record<string, Thing>>): Thing {
    const table = this.thing('array', '', 64);
    Object.entries(exported).forEach(([name, to], i) => {
      const cell = this.thing('hidden', 'system / Cell', 16).holds('internal', 'value', to);
      table.holds('internal', `${5 + 2 * i}`, this.string(name)).holds('internal', `${6 + 2 * i}`, cell);
    });
    const body = this.object('Generator').holds('internal', 'function', this.closure('', `${file}:1:1`));
    const module = this.thing('hidden', 'system / SourceTextModule', 144);
    module.holds('hidden', 0, table).holds('hidden', 4, body);
    this.#handles.holds('internal', `${this.#handles.edges.length + 1}`, module);
    return module;
  }

  /** The highest id so far: what is made from now on is younger. */
  fence(): number {
    return this.#nextId - 2;
  }

  read(dialect: Dialect = 'node24'): HeapSnapshot {
    const reader = new SnapshotReader();
    reader.write(this.bytes(dialect));
    return reader.end();
  }

  /** The place of a thing among the nodes. */
  place(thing: Thing): number {
    return this.#things.indexOf(thing);
  }

  bytes(dialect: Dialect = 'node24'): Uint8Array {
    const fields = DIALECTS[dialect];
    const strings: string[] = [];
    const known = new Map<string, number>();
    const string = (text: string): number => {
      let index = known.get(text);
      if (index === undefined) {
        index = strings.push(text) - 1;
        known.set(text, index);
      }
      return index;
    };
    const places = new Map(this.#things.map((thing, i) => [thing, i * fields.length]));
    const nodes = this.#things.flatMap((thing) => {
      const values: Record<string, number> = {
        type: NODE_TYPES.indexOf(thing.type),
        name: string(thing.name),
        id: thing.id,
        self_size: thing.size,
        edge_count: thing.edges.length,
      };
      return fields.map((field) => values[field] ?? 0);
    });
    const edges = this.#things.flatMap((thing) =>
      thing.edges.flatMap(({ kind, name, to }) => [
        EDGE_TYPES.indexOf(kind),
        typeof name === 'number' ? name : string(name),
        places.get(to) ?? 0,
      ]),
    );
    const locations = this.#things.flatMap((thing) =>
      thing.place === null ? [] : [places.get(thing) ?? 0, ...thing.place],
    );
    this.#edges = edges.length / 3;
    return this.#text(fields, { nodes, edges, locations, strings });
  }

  #text(
    fields: readonly string[],
    {
      nodes,
      edges,
      locations,
      strings,
    }: { nodes: number[]; edges: number[]; locations: number[]; strings: string[] },
  ): Uint8Array {
    const meta = {
      node_fields: fields,
      node_types: fields.map((field) => (field === 'type' ? NODE_TYPES : 'number')),
      edge_fields: ['type', 'name_or_index', 'to_node'],
      edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
      location_fields: ['object_index', 'script_id', 'line', 'column'],
    };
    const counts = { node_count: this.#things.length, edge_count: this.#edges, trace_function_count: 0 };
    const lines = [
      `{"snapshot":${JSON.stringify({ meta, ...counts })}`,
      `"nodes":[${rows(nodes, fields.length)}]`,
      `"edges":[${rows(edges, 3)}]`,
      '"trace_function_infos":[]',
      '"trace_tree":[]',
      '"samples":[]',
      `"locations":[${rows(locations, 4)}]`,
      `"strings":[${strings.map((text) => JSON.stringify(text)).join(',\n')}]}`,
    ];
    return new TextEncoder().encode(`${lines.join(',\n')}\n`);
  }

  #script(file: string): Thing {
    let script = this.#scripts.get(file);
    if (script === undefined) {
      script = this.thing('code', file, 100);
      this.#scripts.set(file, script);
    }
    return script;
  }

  #scriptId(file: string): number {
    return [...this.#scripts.keys()].indexOf(file) + 1;
  }
}

/** As V8 writes them: each row on a line of its own. */
function rows(values: readonly number[], width: number): string {
  const lines: string[] = [];
  for (let i = 0; i < values.length; i += width) lines.push(values.slice(i, i + width).join(','));
  return lines.join('\n,');
}
