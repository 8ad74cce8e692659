import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many, nameOf } from '../leak-words.ts';

/** Promises that are never settled: what awaits them never ends, and keeps its variables. */
export const pendingPromiseLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'pending-promise-leak',
  does: ({ growth }, occasion) =>
    `leaves ${many(growth?.objectsPerCall ?? 1, 'promise')} per ${occasion} that ${growth?.objectsPerCall === 1 ? 'is' : 'are'} never settled${growth === null || nameOf(growth) === null ? '' : ` (waiting in ${holderOf(growth)})`}, with all that awaits ${growth?.objectsPerCall === 1 ? 'it' : 'them'}`,
  fix: () =>
    'Settle it on every way out: when no answer is to come, do not wait for one; else reject it after a time (`AbortSignal.timeout(ms)`), when the connection closes, and when the call is cancelled (`extra.signal`), and take its resolver out of the collection in `finally`. Without an answer to come, a resolver kept in a Map keeps the whole function that awaits.',
});
