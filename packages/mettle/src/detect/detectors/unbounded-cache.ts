import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many } from '../leak-words.ts';

/** A cache keyed by argument that keeps every argument it has ever seen. */
export const unboundedCache: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'unbounded-cache',
  does: ({ growth }, occasion) =>
    `keeps ${many(growth?.objectsPerCall ?? 1, 'entry', 'entries')} in ${holderOf(growth)} per ${occasion} with new arguments, without bound`,
  fix: () =>
    'Give the cache both bounds, in number and in age: `const cache = boundedCache({ max: 1000, ttlMs: 60_000 })` (of @mettle/runtime/memory; `get`, `set` and `has` as of a Map). When the key is an object that has a life of its own, a `WeakMap` needs no bound. Normalise keys first (case, spaces, order of fields): fewer entries, more hits.',
});
