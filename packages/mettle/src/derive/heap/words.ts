import { NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';
import type { HeapPlaces } from './places.ts';

/** Longer lists of properties say less. */
const MOST_PROPERTIES = 5;
/** With more properties an object is a dictionary: its keys are data, as the arguments of calls are. */
const MOST_FIELDS = 16;
/** What is written in a program; keys that come from data (ids, addresses, tokens) mostly look otherwise. */
const IDENTIFIER = /^#?[\p{ID_Start}$_][\p{ID_Continue}$]{0,39}$/u;
/** How links are held, which says nothing to a user. */
const SILENT = new Set([
  '_idleNext',
  '_idlePrev',
  '_onTimeout',
  'next',
  'previous',
  'prev',
  '__proto__',
  'properties',
  'elements',
  'table',
  'context',
]);

/** Classes of Node's that stand for the function they call. */
const CALLS: Readonly<Record<string, string>> = {
  Timeout: '_onTimeout',
  Immediate: '_onImmediate',
  Listener: 'callback',
};

/** What an object is, for people: `Map`, `Session`, `closure onClose`, `suspended function run`. */
export function classWords(graph: HeapGraph, node: number): string {
  const name = graph.name(node);
  const kind = graph.kind(node);
  switch (kind) {
    case 'closure':
      return name === '' ? 'closure' : `closure ${name}`;
    // Their names are their values: anybody's data.
    case 'string':
    case 'number':
    case 'bigint':
    case 'symbol':
    case 'regexp':
      return kind === 'regexp' ? 'RegExp' : kind;
    case 'array':
      return name === '' ? '(array)' : name;
    case 'native':
      return name.replace(/^(Node|system) \/ /, '');
    case 'object':
    case 'synthetic':
    case 'hidden':
    case 'code':
    case 'shape':
    case 'other':
      if (graph.isScope(node)) return 'variables';
      if (name === 'Generator' && graph.follow(node, 'function') !== NONE) return suspended(graph, node);
      return name === '' ? 'object without a class' : name;
  }
}

/** The same with what tells one object of its class from others: a plain object's properties, a function's place. */
export function describeNode(
  graph: HeapGraph,
  places: HeapPlaces,
  node: number,
  shown: (file: string) => string,
): string {
  const words = classWords(graph, node);
  if (graph.kind(node) === 'closure') {
    const place = places.place(node);
    return place === null || place.file === '' || place.line === 0
      ? words
      : `${words} (${shown(place.file)}:${place.line}:${place.column})`;
  }
  if (graph.isScope(node)) {
    const name = places.functionOfScope(node);
    return name === '' ? words : `${words} of ${name}`;
  }
  const called = CALLS[words] === undefined ? NONE : graph.follow(node, CALLS[words]);
  if (called !== NONE && graph.kind(called) === 'closure')
    return `${words} of ${describeNode(graph, places, called, shown)}`;
  if (words !== 'Object') return words;
  const names = propertyNames(graph, node);
  if (names.length === 0 || names.length > MOST_FIELDS || !names.every((name) => IDENTIFIER.test(name)))
    return words;
  const more = names.length > MOST_PROPERTIES ? ', …' : '';
  return `Object {${names.slice(0, MOST_PROPERTIES).join(', ')}${more}}`;
}

/** By what a holder has it: a name that the program gives, `entry` of a collection, or nothing worth saying. */
export function labelOf(graph: HeapGraph, holder: number, edge: number): string | null {
  const kind = graph.edgeKind(edge);
  if (kind === 'element') return 'element';
  const name = graph.edgeName(edge);
  if (kind === 'context') return quoted(name);
  if (kind !== 'property' && kind !== 'shortcut') return null;
  const symbol = /^<symbol (.+)>$/.exec(name)?.[1];
  if (symbol !== undefined) return `[${symbol}]`;
  if (SILENT.has(name)) return null;
  return isDictionary(graph, holder, name) ? 'entry' : quoted(name);
}

/** Whether a key of an object is data. The keys of many are not shown either: they may be anybody's. */
function isDictionary(graph: HeapGraph, holder: number, key: string): boolean {
  if (!IDENTIFIER.test(key)) return true;
  return graph.name(holder) === 'Object' && propertyNames(graph, holder).length > MOST_FIELDS;
}

function propertyNames(graph: HeapGraph, node: number): readonly string[] {
  const { firstEdge } = graph.snapshot;
  const names: string[] = [];
  const end = firstEdge[node + 1] as number;
  for (let edge = firstEdge[node] as number; edge < end && names.length <= MOST_FIELDS; edge++) {
    if (graph.edgeKind(edge) !== 'property') continue;
    const name = graph.edgeName(edge);
    if (name !== '__proto__') names.push(name);
  }
  return names;
}

function quoted(name: string): string {
  return `"${name}"`;
}

function suspended(graph: HeapGraph, node: number): string {
  const name = graph.name(graph.follow(node, 'function'));
  return name === '' ? 'suspended function' : `suspended function ${name}`;
}
