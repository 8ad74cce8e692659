import { requireNumber } from '../errors.ts';

/** The last so many values: for histories that must not grow. */
export interface Ring<T> extends Iterable<T> {
  /** Adds a value; drops the oldest when full. */
  push(value: T): void;
  /** From the oldest to the newest. */
  toArray(): T[];
  readonly newest: T | undefined;
  readonly length: number;
  readonly capacity: number;
}

/** Makes a ring. */
export function ring<T>(capacity: number): Ring<T> {
  requireNumber('capacity', capacity, 1, 2 ** 32 - 1);
  const values: T[] = [];
  let next = 0;
  const toArray = (): T[] => [...values.slice(next), ...values.slice(0, next)];
  return {
    push: (value) => {
      values[next] = value;
      next = (next + 1) % capacity;
    },
    // While it fills, `next` is the length (or 0 when just full): the same rotation holds.
    toArray: () => (values.length < capacity ? values.slice() : toArray()),
    get newest() {
      return values[(next + capacity - 1) % capacity];
    },
    get length() {
      return values.length;
    },
    capacity,
    [Symbol.iterator]: () => (values.length < capacity ? values.slice() : toArray())[Symbol.iterator](),
  };
}
