import { types } from 'node:util';

/**
 * Fills a container up with copies of what it has, under keys that nothing else uses. One that lets go of old entries
 * then shows it at its next call, whatever its limit. Null where it cannot be filled.
 */
export function fill(object: object, upTo: number): number | null {
  if (types.isMap(object)) return fillMap(object, upTo);
  if (types.isSet(object)) return fillSet(object, upTo);
  if (Array.isArray(object)) return fillArray(object, upTo);
  return fillObject(object, upTo);
}

const addToMap = Map.prototype.set;
const addToSet = Set.prototype.add;
const appendTo = Array.prototype.push;

function fillMap(map: Map<unknown, unknown>, upTo: number): number | null {
  const sample = newest(map);
  if (sample === null) return null;
  const [key, value] = sample;
  for (let i = 0; map.size < upTo; i++) Reflect.apply(addToMap, map, [unusedKey(key, i), value]);
  return map.size;
}

function fillSet(set: Set<unknown>, upTo: number): number | null {
  const sample = newest(set);
  if (sample === null) return null;
  for (let i = 0; set.size < upTo; i++) Reflect.apply(addToSet, set, [unusedKey(sample, i)]);
  return set.size;
}

function fillArray(list: unknown[], upTo: number): number | null {
  if (list.length === 0) return null;
  const sample = list.at(-1);
  while (list.length < upTo) Reflect.apply(appendTo, list, [sample]);
  return list.length;
}

function fillObject(object: object, upTo: number): number | null {
  const keys = Object.keys(object);
  const last = keys.at(-1);
  if (last === undefined) return null;
  const value: unknown = Reflect.get(object, last);
  for (let i = keys.length; i < upTo; i++)
    Object.defineProperty(object, `${last}~${i}`, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  return Math.max(keys.length, upTo);
}

function newest<T>(entries: Iterable<T>): T | null {
  let last: T | null = null;
  for (const entry of entries) last = entry;
  return last;
}

/** Of the same type as the keys that are there, since the server reads them. */
function unusedKey(sample: unknown, i: number): unknown {
  if (typeof sample === 'number') return Number.MAX_SAFE_INTEGER - i;
  if (typeof sample === 'bigint') return -1n - BigInt(i);
  if (typeof sample === 'function') return () => undefined;
  if (typeof sample === 'symbol' || sample === null) return Symbol('mettle');
  return typeof sample === 'string' ? `${sample}~${i}` : Object.create(Object(sample) as object);
}
