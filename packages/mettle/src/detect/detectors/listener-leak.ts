import type { Detector, HeapGrowth } from '../../evidence/index.ts';
import { quoted } from '../figures.ts';
import { leakDetector } from '../leak-finding.ts';
import { eventOf, holderOf, many } from '../leak-words.ts';

/** Listeners that calls add to something that outlives them: an emitter, an AbortSignal. */
export const listenerLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'listener-leak',
  does: ({ growth }, occasion) =>
    `adds ${many(growth?.objectsPerCall ?? 1, 'listener')}${forEvent(growth)} to ${holderOf(growth)} per ${occasion} and never removes ${growth?.objectsPerCall === 1 ? 'it' : 'them'}`,
  fix: ({ growth }) =>
    growth?.owner?.kind === 'event-target'
      ? "Remove the listener when the call ends: `signal.addEventListener('abort', onAbort, { once: true }); try { … } finally { signal.removeEventListener('abort', onAbort); }`. `once` alone is not enough, since a signal that lives as long as the server is never aborted. Or listen on a signal of the call’s own: `AbortSignal.any([signal, extra.signal])`."
      : 'Remove the listener in `finally` (`emitter.on(name, listener); try { … } finally { emitter.off(name, listener); }`), or wait with `once(emitter, name, { signal: extra.signal })` of node:events, which removes its own when the event comes and when the call is cancelled. What the whole server listens for (`process`, a shared bus) is listened for once, at the top of the module, not in what is made per request. `setMaxListeners` only silences the warning.',
});

function forEvent(growth: HeapGrowth | null): string {
  const event = growth === null ? null : eventOf(growth);
  return event === null ? '' : ` for ${quoted(event)}`;
}
