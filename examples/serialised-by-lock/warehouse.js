import { setTimeout as answer } from 'node:timers/promises';

/** A warehouse whose answers take a moment: how much is left of an item, and setting some aside. */
export function createWarehouse(pieces) {
  const taken = new Map();
  return {
    left: async (item) => {
      await answer(10);
      return pieces - (taken.get(item) ?? 0);
    },
    take: async (item, quantity) => {
      await answer(20);
      taken.set(item, (taken.get(item) ?? 0) + quantity);
    },
  };
}
