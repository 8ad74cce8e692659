import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** Calls that compute much leave some garbage too: a few per cent of their time are ordinary, a tenth is worth mending. */
const COLLECTING_SHARE = 0.1;

/** Calls that allocate so much that the garbage collector takes a large part of their time. */
export const gcPressure: Detector = causeDetector({
  id: 'gc-pressure',
  irregular: true,
  doing: () => 'collecting the garbage that it leaves',
  fix: () =>
    'Allocate less in a call: keep running totals instead of lists of objects, numbers in typed arrays (`new Float64Array(n)`) instead of `{ x, y }` each, one pass instead of `map().filter().map()`, pages or a stream instead of everything at once, and buffers that are used again. A worker thread moves the pauses to a heap of its own (`offload` of @mettle/runtime), which helps the other calls and not this one.',
  holds: ({ share }) => share >= COLLECTING_SHARE,
});
