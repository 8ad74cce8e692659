import { isSameFunction, NONE } from './graph.ts';
import type { HeapGraph } from './graph.ts';
import type { HeapPlaces } from './places.ts';
import type { Retention } from './retention.ts';
import { classWords, describeNode, labelOf } from './words.ts';

export interface PathOptions {
  /** How a file is shown to the user: relative to the target's folder. As it is by default. */
  readonly shownFile?: (file: string) => string;
}

/** How an object is held, from what the user knows by name down to it. */
export interface RetainingPath {
  /** `module dist/sessions.js`, `Map "sessions"`, `entry`, `closure onClose (dist/sessions.js:12:5)`. */
  readonly steps: readonly string[];
  /** The script in which the first of them stands; '' when it is none. */
  readonly file: string;
}

/** Where a path begins: a module, or what is global. */
interface Anchor {
  readonly words: string;
  readonly file: string;
  /** The name of the first object, where its edge does not have it. */
  readonly name: string | null;
}

/** An object that is shown, and by what the one before holds it. */
interface Step {
  readonly node: number;
  readonly label: string | null;
  /** Of a chain of one class: how many links it stands for. */
  readonly links: number;
}

/** The path of `node` in the tree of retention, beginning at the nearest module or at the global object. */
export function retainingPath(
  graph: HeapGraph,
  retention: Retention,
  places: HeapPlaces,
  node: number,
  { shownFile = (file) => file }: PathOptions = {},
): RetainingPath {
  const { parent, parentEdge } = retention;
  const way: number[] = [];
  let anchor: Anchor | null = null;
  let root = node;
  for (let at = node; at > 0 && anchor === null; at = parent[at] as number) {
    way.push(at);
    root = at;
    if (parentEdge[at] !== NONE) anchor = anchorOf(graph, retention, places, at, shownFile);
  }
  way.reverse();
  const steps = joinedChains(graph, shownSteps(graph, retention, way, anchor));
  const shown = anchor === null ? withoutNatives(graph, steps) : steps;
  return {
    steps: [
      anchor?.words ?? rootWords(graph, parent, root),
      ...shown.map((step, i) => stepWords(graph, places, step, i === shown.length - 1, shownFile)),
    ],
    file: anchor?.file ?? '',
  };
}

/** What a path may begin with, when `node` is held by it. */
function anchorOf(
  graph: HeapGraph,
  { parent, parentEdge }: Retention,
  places: HeapPlaces,
  node: number,
  shownFile: (file: string) => string,
): Anchor | null {
  const holder = parent[node] as number;
  const edge = parentEdge[node] as number;
  const kind = graph.kind(holder);
  if (kind === 'object' && graph.edgeKind(edge) === 'context' && places.isModuleScope(holder))
    return moduleAnchor(places.fileOfScope(holder), null, shownFile);
  if (kind === 'hidden') {
    const exported = places.exportOf(holder);
    return exported === null ? null : moduleAnchor(exported.file, exported.name, shownFile);
  }
  if (kind !== 'object') return null;
  if (graph.name(holder) === 'TimersList')
    return { words: 'pending timers', file: 'node:internal/timers', name: null };
  if (graph.name(holder) === 'Module' && graph.edgeName(edge) === 'exports') {
    const file = graph.follow(holder, 'filename');
    if (file !== NONE && graph.kind(file) === 'string')
      return moduleAnchor(graph.name(file), null, shownFile);
  }
  return isGlobalObject(graph, parent, parentEdge, holder) ? { words: 'global', file: '', name: null } : null;
}

/** What the root's short cut leads to, since V8 14 over the native context. */
function isGlobalObject(graph: HeapGraph, parent: Int32Array, parentEdge: Int32Array, node: number): boolean {
  const holder = parent[node] as number;
  if (holder === 0) return graph.edgeKind(parentEdge[node] as number) === 'shortcut';
  return /^global\b/.test(graph.name(node)) && graph.name(holder) === 'system / NativeContext';
}

function moduleAnchor(file: string, name: string | null, shownFile: (file: string) => string): Anchor {
  return { words: file === '' ? 'a module' : `module ${shownFile(file)}`, file, name };
}

/** The objects of the way that a user would know, each with the most telling label of the edges that lead to it. */
function shownSteps(
  graph: HeapGraph,
  { parent, parentEdge }: Retention,
  way: readonly number[],
  anchor: Anchor | null,
): readonly Step[] {
  const steps: Step[] = [];
  let label = anchor?.name == null ? null : `"${anchor.name}"`;
  way.forEach((node, i) => {
    const edge = parentEdge[node] as number;
    if (edge !== NONE && label === null) label = labelHere(graph, parent[node] as number, edge);
    const last = i === way.length - 1;
    if (!last && (graph.isInternal(node) || graph.isScope(node))) return;
    steps.push({ node, label, links: 1 });
    label = null;
  });
  return steps;
}

/** A table that holds entries is shown by its entries; roots have numbers only. */
function labelHere(graph: HeapGraph, holder: number, edge: number): string | null {
  if (graph.kind(holder) === 'synthetic') return null;
  const isTable = graph.edgeKind(edge) === 'internal' && graph.edgeName(edge) === 'table';
  return isTable && graph.kind(holder) === 'object' ? 'entry' : labelOf(graph, holder, edge);
}

/** A run of objects of one class that hold each other is one step. */
function joinedChains(graph: HeapGraph, steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const before = joined.at(-1);
    if (before !== undefined && isNextLink(graph, before, step))
      joined[joined.length - 1] = { node: step.node, label: before.label, links: before.links + 1 };
    else joined.push(step);
  }
  return joined;
}

function isNextLink(graph: HeapGraph, before: Step, step: Step): boolean {
  // Links have no label of their own, or all the same one: `before.before.before`.
  if (isSameFunction(graph, before.node, step.node)) return true;
  if ((step.label !== null && step.label !== before.label) || graph.kind(step.node) !== 'object')
    return false;
  return graph.kind(before.node) === 'object' && graph.name(before.node) === graph.name(step.node);
}

/** Of the native objects over which Node reaches a thing, the last says what it is; then often the thing has its name. */
function withoutNatives(graph: HeapGraph, steps: readonly Step[]): readonly Step[] {
  const firstOwn = steps.findIndex(({ node }) => graph.kind(node) !== 'native');
  return firstOwn <= 0 ? steps.slice(-1 * Math.max(1, steps.length - firstOwn)) : steps.slice(firstOwn);
}

function rootWords(graph: HeapGraph, parent: Int32Array, top: number): string {
  if (parent[top] === NONE) return 'held by nothing';
  const name = graph.name(top);
  if (name === 'Node / Environment') return 'Node.js';
  return 'V8';
}

function stepWords(
  graph: HeapGraph,
  places: HeapPlaces,
  { node, label, links }: Step,
  last: boolean,
  shownFile: (file: string) => string,
): string {
  const isClosure = graph.kind(node) === 'closure';
  const what = last || isClosure ? describeNode(graph, places, node, shownFile) : classWords(graph, node);
  const chain = links > 1 ? `chain of ${links} ` : '';
  if (label === null || label === `"${graph.name(node)}"`) return `${chain}${what}`;
  if (label === 'entry' || label === 'element') return what === 'Object' ? label : `${label} ${chain}${what}`;
  return labelled(`${chain}${what}`, label);
}

/** `Map "sessions"`; of a function the name comes before its place. */
function labelled(what: string, label: string): string {
  const place = what.lastIndexOf(' (');
  return place < 0 || !what.endsWith(')')
    ? `${what} ${label}`
    : `${what.slice(0, place)} ${label}${what.slice(place)}`;
}
