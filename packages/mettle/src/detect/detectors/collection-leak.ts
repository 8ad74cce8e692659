import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many } from '../leak-words.ts';

/** Entries that each call adds to a collection, and nothing takes out. */
export const collectionLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'collection-leak',
  does: ({ growth }, occasion) =>
    growth?.driver === 'time'
      ? `adds to ${holderOf(growth)} from a timer, and nothing takes anything out`
      : `adds ${many(growth?.objectsPerCall ?? 1, 'entry', 'entries')} to ${holderOf(growth)} per ${occasion}, ${(growth?.removals ?? 0) > 0 ? 'and takes out fewer' : 'and nothing takes them out'}`,
  fix: ({ growth }) =>
    growth?.owner?.kind === 'array' || growth?.owner?.kind === 'numbers'
      ? 'Keep only the last so many: `const recent = ring(1000); recent.push(entry)` (`ring` of @mettle/runtime/memory). When entries belong to a call, take them out in its `finally`; when they are to be written, write them in batches and begin a new array.'
      : 'Take the entry out when the call ends, however it ends: `map.set(id, entry); try { … } finally { map.delete(id); }`, by the very key that it was put in by. What belongs to an object (a request, a session, a server) belongs in a `WeakMap` keyed by it, and goes with it (`stateOf` of @mettle/runtime/memory).',
});
