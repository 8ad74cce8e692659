import type { Detector } from '../../evidence/index.ts';
import { homeOf, locationOf } from '../../derive/frames.ts';
import { plural, quoted } from '../figures.ts';
import { overloadDetector } from '../crowd-finding.ts';

const ID = 'unbounded-connections';
/** Of the calls at once, as many open a connection of their own: a keep-alive agent or a pool would share some. */
const SHARE = 0.8;
/** Fewer sockets than that no service minds. */
const LEAST_SOCKETS = 20;

/** Each call opens a connection of its own, and nothing limits how many. */
export const unboundedConnections: Detector<'race' | 'target'> = overloadDetector(
  ID,
  ({ subject, rows, most }, { target }) => {
    const crowds = rows.filter(({ calls, crash }) => calls > 1 && crash === null);
    if (most.peakSockets < LEAST_SOCKETS) return null;
    if (!crowds.every(({ calls, peakSockets }) => peakSockets >= SHARE * calls)) return null;
    const [first] = most.connectingAt ?? [];
    return {
      location: first === undefined ? undefined : locationOf([first.site], homeOf(target)),
      severity: 'medium',
      title: `${most.calls} calls of ${quoted(subject)} at once open ${plural(most.peakSockets, 'connection')}, and more calls open more: nothing limits them`,
      cost: { value: most.peakSockets / most.calls, unit: 'connections', per: 'call' },
      fix: 'Share a fixed number of connections: `new Agent({ keepAlive: true, maxSockets: 20 })` for node:http, `setGlobalDispatcher(new Agent({ connections: 20 }))` of undici for fetch, a pool for a database (`new Pool({ max: 10 })`), made once and not per call. `createLimit` of @mettle/runtime says to callers early when all are in use.',
      expect: `calls of ${quoted(subject)} at once share their connections`,
    };
  },
);
