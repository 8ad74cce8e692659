import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many } from '../leak-words.ts';

/** Growth that is proven, of no pattern that has a finding of its own: linked lists, scopes, native memory. */
export const heapLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'heap-leak',
  does: ({ growth, trend }, occasion) => {
    if (trend !== null && growth === null)
      return trend.kind === 'rss'
        ? 'leaves memory behind that is neither in the heap nor in buffers: native memory'
        : 'leaves memory behind';
    if (growth === null) return `keeps memory per ${occasion}`;
    const { element, owner } = growth;
    if (growth.driver === 'time')
      return `keeps more and more (${element.description}) in ${holderOf(growth)}`;
    const chain = owner?.kind === 'linked-list' ? ', each holding the one before it' : '';
    return `keeps ${many(growth.objectsPerCall, 'object')} per ${occasion} for ever (${element.description}, in ${holderOf(growth)}${chain})`;
  },
  fix: ({ growth, trend }) => {
    if (trend?.kind === 'rss')
      return 'No object of JavaScript’s holds it: look at native add-ons (image, database and compression libraries) that the tool uses, for a `close`, `free` or `end` that is not called. Where none is to be found, restart the process by its memory (a container’s limit, `watchMemory` of @mettle/runtime/memory as the alarm).';
    if (growth?.owner?.kind === 'linked-list')
      return 'Cut the chain: keep a `ring(50)` of @mettle/runtime/memory instead, or set the oldest’s link to `undefined` once there are enough. One element that is held holds all before it.';
    return 'Follow the path to what holds the objects, and let it go: set the variable to `undefined`, keep a bounded number (`ring`, `boundedCache` of @mettle/runtime/memory), or let the objects hang on what they belong to by a `WeakMap`. A closure keeps all variables of its scope that any closure of that scope uses: make it in a function of its own.';
  },
});
