import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** A large object that is copied whole in every call. */
export const deepClonePerCall: Detector = causeDetector({
  id: 'deep-clone-per-call',
  bySource: true,
  doing: ({ whats }) => `copying an object with ${whats[0] ?? 'a deep clone'}`,
  fix: () =>
    'Copy only what the call changes: `{ ...order, status }`, `rows.with(i, row)`, `structuredClone(order)` of the one entry instead of all. Data that nobody changes need not be copied: freeze it once with `Object.freeze` so that a mistake throws. For many small changes use Immer (`produce(state, (draft) => …)`), which copies along the changed path. A worker thread would not help: sending the object there is such a copy.',
});
