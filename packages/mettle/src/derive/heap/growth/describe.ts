import type { GrowthElement, OwnerKind } from '../../../evidence/index.ts';
import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import type { HeapPlaces } from '../places.ts';
import type { Retention } from '../retention.ts';
import { classWords, describeNode, labelOf } from '../words.ts';

const TIMERS = new Set(['Timeout', 'TimersList', 'PriorityQueue']);
const BUFFERS =
  /^(ArrayBuffer|SharedArrayBuffer|Buffer|DataView|\w*Array)$|JSArrayBufferData|backing.?store/i;
const HANDLES =
  /^(Socket|TLSSocket|Server|FileHandle|ChildProcess|Worker|FSWatcher|StatWatcher|ReadStream|WriteStream|TCP|Pipe|Process|UDP|IncomingMessage|ServerResponse|ClientRequest)$/;
const PROMISES = /^(Promise|Generator|AsyncGenerator|AsyncFunction)$|AsyncFunctionObject|PromiseReaction/;
/** Steps up from an owner that are looked at for what it is part of. */
const NEARBY = 6;

/** What kind of thing holds what grows. `top` is one of its elements. */
export function ownerKind(graph: HeapGraph, retention: Retention, owner: number, top: number): OwnerKind {
  const name = graph.name(owner);
  if (isTimers(graph, retention, owner)) return 'timers';
  if (hasEdgeNear(graph, retention, owner, (edge) => edge === '_events')) return 'event-emitter';
  if (graph.name(top) === 'Listener' || hasEdgeNear(graph, retention, owner, isEventsSymbol))
    return 'event-target';
  if (isChainLink(graph, retention, top, owner)) return 'linked-list';
  if (graph.isScope(owner)) return 'scope';
  if (PROMISES.test(name)) return 'promise';
  if (graph.kind(owner) === 'native' || graph.kind(owner) === 'synthetic') return 'native';
  if (graph.kind(owner) === 'closure') return 'scope';
  if (graph.kind(owner) !== 'object') return 'unknown';
  if (graph.follow(owner, 'table') !== NONE) return name.endsWith('Set') ? 'set' : 'map';
  return name === 'Array' ? 'array' : 'object';
}

/** The object whose listeners these are; the owner itself when there is none. */
export function eventTargetOf(graph: HeapGraph, retention: Retention, owner: number): number {
  let at = owner;
  for (let step = 0; step < NEARBY && at > 0; step++) {
    const edge = retention.parentEdge[at] as number;
    const parent = retention.parent[at] as number;
    if (edge !== NONE && isEventsSymbol(graph.edgeName(edge))) return parent;
    at = parent;
  }
  return owner;
}

/** The variable or property that holds it; null when it has no name. */
export function nameOf(graph: HeapGraph, { parent, parentEdge }: Retention, node: number): string | null {
  let at = node;
  for (let step = 0; step < NEARBY && at > 0; step++) {
    const edge = parentEdge[at] as number;
    const holder = parent[at] as number;
    if (edge === NONE) return null;
    const label = labelOf(graph, holder, edge);
    if (label !== null) return label === 'entry' || label === 'element' ? null : label.replaceAll('"', '');
    if (!graph.isInternal(holder)) return null;
    at = holder;
  }
  return null;
}

export function describeElement(
  graph: HeapGraph,
  places: HeapPlaces,
  node: number,
  shown: (file: string) => string,
): GrowthElement {
  const kind = elementKind(graph, places, node);
  return {
    kind,
    description: describeNode(graph, places, node, shown),
    function: functionOf(graph, places, node),
    delayMs: kind === 'timeout' || kind === 'interval' ? numberIn(graph, node, '_idleTimeout') : null,
  };
}

export function elementKind(graph: HeapGraph, places: HeapPlaces, node: number): GrowthElement['kind'] {
  const name = graph.name(node);
  const kind = graph.kind(node);
  if (kind === 'string') return 'string';
  if (kind === 'number' || kind === 'bigint') return 'number';
  // The functions that settle a promise are V8's own, without a name or a place.
  if (kind === 'closure') return name === '' && places.place(node) === null ? 'promise' : 'closure';
  if (kind === 'native') return BUFFERS.test(name) ? 'buffer' : 'handle';
  if (kind !== 'object') return 'other';
  if (name === 'Timeout') return isRepeating(graph, node) ? 'interval' : 'timeout';
  if (name === 'Listener') return 'listener';
  if (PROMISES.test(name)) return 'promise';
  if (name === 'Array') return 'array';
  if (BUFFERS.test(name)) return 'buffer';
  return HANDLES.test(name) ? 'handle' : 'object';
}

/** Of a closure its own place; of a timer, a listener or a halted function that of the function in it. */
function functionOf(graph: HeapGraph, places: HeapPlaces, node: number): GrowthElement['function'] {
  const candidates = [
    node,
    ...['_onTimeout', 'callback', 'function', 'listener'].map((name) => graph.follow(node, name)),
  ];
  for (const candidate of candidates) {
    if (candidate === NONE || graph.kind(candidate) !== 'closure') continue;
    const place = places.place(candidate);
    if (place !== null && place.file !== '' && place.line > 0) return place;
  }
  return null;
}

/** Node keeps null in `_repeat` of a timer that runs once. */
export function isRepeating(graph: HeapGraph, timer: number): boolean {
  const repeat = graph.follow(timer, '_repeat');
  return repeat !== NONE && graph.kind(repeat) === 'number';
}

/** The value of a property that holds a number, in a snapshot with numbers. */
export function numberIn(graph: HeapGraph, node: number, property: string): number | null {
  const found = graph.follow(node, property);
  if (found === NONE || graph.kind(found) !== 'number') return null;
  const direct = Number(graph.name(found));
  if (Number.isFinite(direct)) return direct;
  const value = graph.follow(found, 'value');
  const boxed = value === NONE ? Number.NaN : Number(graph.name(value));
  return Number.isFinite(boxed) ? boxed : null;
}

/** What people call the class of an owner. */
export function ownerClass(graph: HeapGraph, owner: number): string {
  return graph.isScope(owner) ? 'scope' : classWords(graph, owner);
}

function isTimers(graph: HeapGraph, { parent }: Retention, owner: number): boolean {
  let at = owner;
  for (let step = 0; step < 3 && at > 0; step++) {
    if (graph.kind(at) === 'object' && TIMERS.has(graph.name(at))) return true;
    at = parent[at] as number;
  }
  return false;
}

function hasEdgeNear(
  graph: HeapGraph,
  { parent, parentEdge }: Retention,
  node: number,
  is: (edge: string) => boolean,
): boolean {
  let at = node;
  for (let step = 0; step < NEARBY && at > 0; step++) {
    const edge = parentEdge[at] as number;
    if (edge === NONE) return false;
    const kind = graph.edgeKind(edge);
    if ((kind === 'property' || kind === 'internal') && is(graph.edgeName(edge))) return true;
    // A variable of a listener is the user's, and no listener.
    if (kind === 'context') return false;
    at = parent[at] as number;
  }
  return false;
}

function isEventsSymbol(edge: string): boolean {
  return /^(<symbol )?kEvents>?$/.test(edge);
}

function isChainLink(graph: HeapGraph, { parent }: Retention, top: number, owner: number): boolean {
  const holder = parent[top] as number;
  if (holder === NONE || holder === owner) return false;
  const { type, name } = graph.snapshot;
  return graph.kind(top) === 'object' && type[holder] === type[top] && name[holder] === name[top];
}
