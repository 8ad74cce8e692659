import { types } from 'node:util';
import type { HeapInspector } from './heap-inspector.ts';
import type { Measure, NumberField, Sizes, WatchedObject } from './heap-protocol.ts';

interface RemoteObject {
  readonly objectId?: string;
  readonly type: string;
  readonly value?: unknown;
}
interface Property {
  readonly name: string;
  readonly value?: RemoteObject;
}

/** Under this name the inspector hands an object over; there only while it does. */
const HANDOVER = Symbol.for('mettle.heap.handover');
const HANDED_OVER = `globalThis[Symbol.for('mettle.heap.handover')]`;
const HAND_OVER = `function () { globalThis[Symbol.for('mettle.heap.handover')](this); }`;
/** To find one object by its id takes half as long as to find all. */
const WORTH_A_QUERY = 3;
/** A list longer than this is walked no further: it has shown that it grows. */
const LONGEST_CHAIN = 1_000_000;
/** An object with more of them is a dictionary. */
const MOST_FIELDS = 200;
const FUNCTION_TEXT = 4000;
const GROUP = 'mettle-heap';

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as (this: object) => number;
const mapValues = Map.prototype.values;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')?.get as (this: object) => number;
const functionText = Function.prototype.toString;
const { isArray } = Array;
const { ownKeys, get: read } = Reflect;

/** Live objects of the server by their ids in the last snapshot. They are held as long as they are watched. */
export class HeapObjects {
  readonly #inspector: HeapInspector;
  #watched: readonly { readonly object: object | null; readonly measure: Measure }[] = [];

  constructor(inspector: HeapInspector) {
    this.#inspector = inspector;
  }

  async watch(objects: readonly WatchedObject[]): Promise<Sizes> {
    const found = objects.length < WORTH_A_QUERY ? new Map<number, object>() : await this.#among(objects);
    const watched: { object: object | null; measure: Measure }[] = [];
    for (const { heapId, measure } of objects)
      watched.push({ object: found.get(heapId) ?? (await this.#objectOf(heapId)), measure });
    this.#watched = watched;
    return this.sizes();
  }

  sizes(): Sizes {
    return this.#watched.map(({ object, measure }) => (object === null ? null : sizeOf(object, measure)));
  }

  at(index: number): object | null {
    return this.#watched[index]?.object ?? null;
  }

  /** Names and values of each object's fields that hold a number. */
  async fields(heapIds: readonly number[]): Promise<readonly (readonly NumberField[])[]> {
    const out: (readonly NumberField[])[] = [];
    for (const heapId of heapIds) out.push(await this.#numbersOf(heapId).catch(() => []));
    return out;
  }

  async functions(heapIds: readonly number[]): Promise<readonly (string | null)[]> {
    const out: (string | null)[] = [];
    for (const heapId of heapIds) {
      const object = await this.#objectOf(heapId);
      out.push(
        typeof object === 'function' ? Reflect.apply(functionText, object, []).slice(0, FUNCTION_TEXT) : null,
      );
    }
    return out;
  }

  async #numbersOf(heapId: number): Promise<readonly NumberField[]> {
    const objectId = await this.#remote(heapId);
    if (objectId === null) return [];
    const object = await this.#handOver(objectId);
    // Of a dictionary the inspector would describe every entry.
    if (object === null || types.isProxy(object) || isArray(object) || ownKeys(object).length > MOST_FIELDS)
      return [];
    const { result, privateProperties } = await this.#inspector.post<{
      readonly result: readonly Property[];
      readonly privateProperties?: readonly Property[];
    }>('Runtime.getProperties', { objectId, ownProperties: true });
    return [...result, ...(privateProperties ?? [])].flatMap(({ name, value }) =>
      value?.type === 'number' && typeof value.value === 'number' ? [{ name, value: value.value }] : [],
    );
  }

  /**
   * Walks the heap once for all objects that have enough elements to be one of those wanted, and asks for the ids of
   * these few; to look each id up would walk the heap every time.
   */
  async #among(wanted: readonly WatchedObject[]): Promise<ReadonlyMap<number, object>> {
    const found = new Map<number, object>();
    try {
      const { result } = await this.#inspector.post<{ readonly result: RemoteObject }>('Runtime.evaluate', {
        expression: 'Object.prototype',
        objectGroup: GROUP,
      });
      const { objects } = await this.#inspector.post<{ readonly objects: RemoteObject }>(
        'Runtime.queryObjects',
        { prototypeObjectId: result.objectId, objectGroup: GROUP },
      );
      const all = objects.objectId === undefined ? null : await this.#handOver(objects.objectId);
      for (const object of isArray(all) ? (all as object[]) : []) {
        if (!wanted.some((one) => mayBe(object, one))) continue;
        const id = await this.#idOf(object);
        if (wanted.some(({ heapId }) => heapId === id)) found.set(id, object);
      }
    } catch {
      // Looked up one by one then.
    } finally {
      await this.#release();
    }
    return found;
  }

  async #idOf(object: object): Promise<number> {
    const scope = globalThis as { [HANDOVER]?: unknown };
    scope[HANDOVER] = object;
    try {
      const { result } = await this.#inspector.post<{ readonly result: RemoteObject }>('Runtime.evaluate', {
        expression: HANDED_OVER,
        objectGroup: GROUP,
      });
      const { heapSnapshotObjectId } = await this.#inspector.post<{ readonly heapSnapshotObjectId: string }>(
        'HeapProfiler.getHeapObjectId',
        { objectId: result.objectId },
      );
      return Number(heapSnapshotObjectId);
    } finally {
      delete scope[HANDOVER];
    }
  }

  async #remote(heapId: number): Promise<string | null> {
    try {
      const { result } = await this.#inspector.post<{ readonly result: RemoteObject }>(
        'HeapProfiler.getObjectByHeapObjectId',
        { objectId: String(heapId), objectGroup: GROUP },
      );
      return result.objectId ?? null;
    } catch {
      // Collected meanwhile, or nothing that a program could hold.
      return null;
    }
  }

  async #objectOf(heapId: number): Promise<object | null> {
    const objectId = await this.#remote(heapId);
    if (objectId === null) return null;
    const object = await this.#handOver(objectId);
    await this.#release();
    return object;
  }

  async #handOver(objectId: string): Promise<object | null> {
    const scope = globalThis as { [HANDOVER]?: unknown };
    let handed: object | null = null;
    scope[HANDOVER] = (object: object) => {
      handed = object;
    };
    try {
      await this.#inspector.post('Runtime.callFunctionOn', {
        objectId,
        functionDeclaration: HAND_OVER,
        silent: true,
      });
    } catch {
      return null;
    } finally {
      delete scope[HANDOVER];
    }
    return handed;
  }

  async #release(): Promise<void> {
    await this.#inspector.post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  }
}

/** Cheap, and without running the server's code. */
function mayBe(object: object, { measure, shape, least }: WatchedObject): boolean {
  if (types.isProxy(object)) return false;
  if (measure.by === 'listeners') return object instanceof EventTarget;
  if (measure.by !== 'size' || shape !== shapeOf(object)) return false;
  return (sizeOf(object, measure) ?? 0) >= least;
}

function shapeOf(object: object): WatchedObject['shape'] {
  if (types.isMap(object)) return 'map';
  if (types.isSet(object)) return 'set';
  return isArray(object) ? 'array' : 'other';
}

function sizeOf(object: object, measure: Measure): number | null {
  try {
    switch (measure.by) {
      case 'size':
        return entriesOf(object);
      case 'listeners':
        return listenersOf(object);
      case 'chain':
        return chainOf(object, measure.property, measure.next);
    }
  } catch {
    // A getter or a proxy of the server's own that throws.
    return null;
  }
}

function entriesOf(object: object): number | null {
  if (types.isMap(object)) return Reflect.apply(mapSize, object, []);
  if (types.isSet(object)) return Reflect.apply(setSize, object, []);
  if (isArray(object)) return object.length;
  if (ArrayBuffer.isView(object)) return object.byteLength;
  return ownKeys(object).length;
}

/** Node keeps, by event, a list whose head knows how many there are. */
function listenersOf(object: object): number | null {
  const events = ownKeys(object)
    .filter((key) => typeof key === 'symbol' && key.description === 'kEvents')
    .map((key) => read(object, key))
    .find((value) => types.isMap(value));
  if (!types.isMap(events)) return null;
  let sum = 0;
  // Node's own maps are none of the usual class, and may not be iterated over in the usual way.
  for (const head of Reflect.apply(mapValues, events, []) as Iterable<unknown>)
    sum += (head as { size?: number }).size ?? 0;
  return sum;
}

function chainOf(object: object, property: string, next: string): number {
  let length = 0;
  let at: unknown = read(object, property);
  while (typeof at === 'object' && at !== null && length < LONGEST_CHAIN) {
    length++;
    at = read(at, next);
    if (at === read(object, property)) break;
  }
  return length;
}
