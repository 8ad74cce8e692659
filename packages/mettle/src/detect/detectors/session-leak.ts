import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { holderOf } from '../leak-words.ts';

/** Sessions that stay in memory when their client is gone. */
export const sessionLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'session-leak',
  does: ({ growth }, occasion) =>
    `keeps in ${holderOf(growth)} what belongs to each ${occasion}, and never lets go of it`,
  fix: ({ subjects }) =>
    subjects.some(({ manner }) => manner === 'ended')
      ? 'Free everything of a session when it ends: in the transport’s `onclose` delete it from every collection, close its server, clear its timers. What belongs to a session belongs in a `WeakMap` keyed by its transport (`stateOf` of @mettle/runtime/memory). Clients that crash never end theirs: `createSessions` expires them.'
      : 'End sessions that nobody uses: `const sessions = createSessions({ idleMs: 15 * 60_000, max: 500, onEnd: (transport) => transport.close() })` (of @mettle/runtime/memory) in place of the Map. Clients that crash, or only go away, never send DELETE, so that `onclose` alone frees nothing.',
});
