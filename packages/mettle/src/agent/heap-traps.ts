import { createHook } from 'node:async_hooks';
import type { AsyncHook } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { types } from 'node:util';
import { isAgentWork } from './agent-work.ts';
import type { TrappedGrowth } from './heap-protocol.ts';
import { silently } from './silently.ts';
import { captureSites, framesOf } from './stack.ts';
import type { Sites } from './stack.ts';

/** A few calls add a few elements each; more tells nothing new. */
const MOST_RECORDS = 2000;
/** What is asynchronous but holds nothing open by itself. */
const NO_RESOURCE = new Set(['PROMISE', 'TickObject', 'Immediate', 'Microtask', 'RANDOMBYTESREQUEST']);

interface Trapped {
  readonly object: number;
  readonly resource: string | null;
  readonly removed: boolean;
  readonly delayMs: number | null;
  readonly sites: Sites;
  ended: boolean;
}

type Method = (this: object, ...args: unknown[]) => unknown;

const ADDING: Readonly<Record<string, readonly string[]>> = {
  map: ['set'],
  set: ['add'],
  array: ['push', 'unshift', 'splice'],
  target: ['addEventListener'],
};
const REMOVING: Readonly<Record<string, readonly string[]>> = {
  map: ['delete', 'clear'],
  set: ['delete', 'clear'],
  array: ['shift', 'pop'],
  target: ['removeEventListener'],
};

/**
 * Notes who adds to live objects. Own methods shadow those of the prototype; a prototype in between sees keys and
 * indexes that were not there before.
 */
export class HeapTraps {
  #records: Trapped[] = [];
  readonly #trapped = new Set<object>();
  #hook: AsyncHook | null = null;
  /** What was shadowed of `node:fs`. */
  readonly #files = new Map<string, unknown>();
  readonly #resources = new Map<number, Trapped>();

  /** Whether the object could be trapped. */
  add(index: number, object: object): boolean {
    if (this.#trapped.has(object)) return true;
    if (!Object.isExtensible(object)) return false;
    this.#trapped.add(object);
    const note = (removed: boolean, below: Method): void => {
      this.#note(index, null, removed, below);
    };
    const kind = kindOf(object);
    if (kind === 'map' || kind === 'set') this.#followKeys(index, object, kind);
    else {
      for (const name of ADDING[kind] ?? []) shadow(object, name, (method) => note(false, method));
      for (const name of REMOVING[kind] ?? []) shadow(object, name, (method) => note(true, method));
    }
    // What is added by assignment: `list[i] = x`, `cache[key] = x`.
    if (kind === 'array' || kind === 'object') insertPrototype(object, (method) => note(false, method));
    return true;
  }

  /** Of what has keys it is known which addition a removal takes back; one that finds nothing removes nothing. */
  #followKeys(index: number, object: object, kind: string): void {
    const added = new Map<unknown, Trapped>();
    const adding = (method: Method, args: readonly unknown[]): void => {
      const record = this.#note(index, null, false, method);
      if (record !== null) added.set(args[0], record);
    };
    for (const name of ADDING[kind] ?? []) shadow(object, name, adding);
    shadow(object, 'clear', (method) => {
      this.#note(index, null, true, method);
      for (const record of added.values()) record.ended = true;
      added.clear();
    });
    shadow(object, 'delete', (method, [key]) => {
      if (!Reflect.apply(kind === 'map' ? mapHas : setHas, object, [key])) return;
      this.#note(index, null, true, method);
      const record = added.get(key);
      if (record !== undefined) record.ended = true;
      added.delete(key);
    });
  }

  /** Takes the traps off an object again. */
  remove(object: object): void {
    if (!this.#trapped.delete(object)) return;
    const kind = kindOf(object);
    for (const name of [...(ADDING[kind] ?? []), ...(REMOVING[kind] ?? [])])
      Reflect.deleteProperty(object, name);
    if (kind !== 'array' && kind !== 'object') return;
    // What was put in between has the real one as its own.
    const between = Object.getPrototypeOf(object) as object | null;
    if (between !== null) Object.setPrototypeOf(object, Object.getPrototypeOf(between) as object | null);
  }

  followResources(): void {
    this.#hook ??= createHook({
      init: (asyncId, type, _triggerId, made: object) =>
        silently(() => {
          if (NO_RESOURCE.has(type) || isAgentWork()) return;
          const record = this.#note(-1, type, false, captureSites as Method, delayOf(made));
          if (record !== null) this.#resources.set(asyncId, record);
        }),
      destroy: (asyncId) =>
        silently(() => {
          const record = this.#resources.get(asyncId);
          if (record !== undefined) record.ended = true;
          this.#resources.delete(asyncId);
        }),
    }).enable();
    this.#followFiles();
  }

  /** What is opened by the synchronous functions is no asynchronous resource. */
  #followFiles(): void {
    if (this.#files.size > 0) return;
    const fs = process.getBuiltinModule('node:fs') as unknown as object;
    for (const name of ['openSync', 'open', 'opendirSync']) {
      this.#files.set(name, Reflect.get(fs, name));
      shadow(fs, name, (method) => void this.#note(-1, 'FILEHANDLE', false, method));
    }
    syncBuiltinESMExports();
  }

  /** For a process that is used afterwards: everything is as it was before. */
  removeAll(): void {
    this.stop();
    for (const object of this.#trapped) this.remove(object);
    const fs = process.getBuiltinModule('node:fs') as unknown as object;
    for (const [name, original] of this.#files) Reflect.set(fs, name, original);
    if (this.#files.size > 0) syncBuiltinESMExports();
    this.#files.clear();
  }

  take(): readonly TrappedGrowth[] {
    const records = this.#records;
    this.#records = [];
    this.#resources.clear();
    return records.map(({ object, resource, removed, delayMs, sites, ended }) => ({
      object,
      resource,
      removed,
      delayMs,
      ended,
      stack: framesOf(sites),
    }));
  }

  stop(): void {
    this.#hook?.disable();
    this.#hook = null;
    this.#resources.clear();
  }

  #note(
    object: number,
    resource: string | null,
    removed: boolean,
    below: Method,
    delayMs: number | null = null,
  ): Trapped | null {
    if (this.#records.length >= MOST_RECORDS) return null;
    const record: Trapped = { object, resource, removed, delayMs, sites: captureSites(below), ended: false };
    this.#records.push(record);
    return record;
  }
}

/** What a timer was set to: Node notes it before it tells of it. */
function delayOf(resource: object): number | null {
  const delay: unknown = Reflect.get(resource, '_idleTimeout');
  return typeof delay === 'number' ? delay : null;
}

function kindOf(object: object): string {
  if (types.isMap(object)) return 'map';
  if (types.isSet(object)) return 'set';
  if (Array.isArray(object)) return 'array';
  return object instanceof EventTarget ? 'target' : 'object';
}

const mapHas = Map.prototype.has as Method;
const setHas = Set.prototype.has as Method;

function shadow(object: object, name: string, note: (below: Method, args: readonly unknown[]) => void): void {
  const original: unknown = Reflect.get(object, name);
  if (typeof original !== 'function') return;
  const method: Method = function (this: object, ...args) {
    silently(() => note(method, args));
    return Reflect.apply(original, this, args) as unknown;
  };
  Object.defineProperty(object, name, {
    value: method,
    configurable: true,
    writable: true,
    enumerable: Object.prototype.propertyIsEnumerable.call(object, name),
  });
}

function insertPrototype(object: object, note: (below: Method) => void): void {
  const prototype = Object.getPrototypeOf(object) as object | null;
  const set: ProxyHandler<object>['set'] = (target, key, value, receiver) => {
    if (receiver !== object) return Reflect.set(target, key, value, receiver);
    silently(() => note(set as unknown as Method));
    return Reflect.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  };
  // The real prototype stays behind it, so that `instanceof` and inherited methods hold.
  Reflect.setPrototypeOf(object, new Proxy(Object.create(prototype) as object, { set }));
}
