import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many } from '../leak-words.ts';

/** Buffers that pile up outside V8's heap, where no heap limit stops them. */
export const externalMemoryLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'external-memory-leak',
  does: ({ growth }, occasion) =>
    growth === null
      ? 'leaves memory behind outside the heap, in buffers that no object of the heap explains'
      : `leaves ${many(growth.objectsPerCall, 'buffer')} in ${holderOf(growth)} per ${occasion}, outside V8’s heap`,
  fix: () =>
    'Keep no more than the last so many (`ring(20)` of @mettle/runtime/memory), or a cache that is bounded by bytes: `boundedCache({ max: 100, ttlMs: 60_000, maxSize: 50_000_000, sizeOf: (buffer) => buffer.byteLength })`. A small slice of a large Buffer keeps all of it: copy what is kept (`Buffer.from(slice)`). No V8 limit counts this memory: the container’s ends the process without a word.',
});
