import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf, many, nameOf } from '../leak-words.ts';

const OF_EACH_CALL =
  'Settle it on every way out: when no answer is to come, do not wait for one; else reject it after a time (`AbortSignal.timeout(ms)`), when the connection closes, and when the call is cancelled (`extra.signal`), and take its resolver out of the collection in `finally`. Without an answer to come, a resolver kept in a Map keeps the whole function that awaits.';
/** What all calls wait for, or race with: that cannot be taken back, as a listener can. */
const OF_ONE_PROMISE =
  'Each `await`, `.then()` and `Promise.race([work, it])` leaves a reaction on the promise until that is settled, though the race was won long ago. Settle it, if it has only been forgotten. If it is to last as long as the server (a shutdown, a closed connection), let it be an `AbortSignal`, and take the listener away when the call ends: `signal.addEventListener("abort", stop); try { return await work; } finally { signal.removeEventListener("abort", stop); }`.';

/** Promises that are never settled: what awaits them never ends, and keeps its variables. */
export const pendingPromiseLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'pending-promise-leak',
  does: ({ growth }, occasion) => {
    const one = growth?.objectsPerCall === 1;
    const promises = `leaves ${many(growth?.objectsPerCall ?? 1, 'promise')} per ${occasion}`;
    return growth?.owner?.kind === 'promise'
      ? `${promises} waiting for ${holderOf(growth)}, which is not settled, with all that ${one ? 'it keeps' : 'they keep'}`
      : `${promises} that ${one ? 'is' : 'are'} never settled${growth === null || nameOf(growth) === null ? '' : ` (waiting in ${holderOf(growth)})`}, with all that awaits ${one ? 'it' : 'them'}`;
  },
  fix: ({ growth }) => (growth?.owner?.kind === 'promise' ? OF_ONE_PROMISE : OF_EACH_CALL),
});
