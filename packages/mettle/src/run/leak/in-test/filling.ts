import { fill } from '../../../agent/heap-fill.ts';

/** A container that was filled up for a moment. */
export interface Filling {
  /** What it holds now; null where it could not be filled. */
  readonly size: number | null;
  /** Takes out again what was put in and is still there. */
  undo(): void;
}

const NOTHING: Filling = { size: null, undo() {} };

/** Fills a container of somebody who goes on using it. */
export function fillForAMoment(object: object, upTo: number): Filling {
  if (object instanceof Map) return fillKeyed(object, upTo, () => object.keys());
  if (object instanceof Set) return fillKeyed(object, upTo, () => object.values());
  if (Array.isArray(object)) return fillArray(object, upTo);
  const before = new Set(Object.keys(object));
  const size = fill(object, upTo);
  const added = Object.keys(object).filter((key) => !before.has(key));
  return {
    size,
    undo() {
      for (const key of added) Reflect.deleteProperty(object, key);
    },
  };
}

const deleteFromMap = Map.prototype.delete;
const deleteFromSet = Set.prototype.delete;

/** What is added stands behind what was there. */
function fillKeyed(
  object: Map<unknown, unknown> | Set<unknown>,
  upTo: number,
  keys: () => Iterable<unknown>,
): Filling {
  const before = object.size;
  const size = fill(object, upTo);
  if (size === null) return NOTHING;
  const added = [...keys()].slice(before);
  const remove = object instanceof Map ? deleteFromMap : deleteFromSet;
  return {
    size,
    undo() {
      for (const key of added) Reflect.apply(remove, object, [key]);
    },
  };
}

function fillArray(list: unknown[], upTo: number): Filling {
  const before = list.length;
  const sample: unknown = list.at(-1);
  const size = fill(list, upTo);
  if (size === null) return NOTHING;
  return {
    size,
    undo() {
      // One that shortened itself has let go of its own choice.
      if (list.length < size || list[before] !== sample) return;
      list.splice(before, size - before);
    },
  };
}
