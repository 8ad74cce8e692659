import type { Detector } from '../../evidence/index.ts';
import { delayedOthers } from '../delayed-others.ts';
import { plural } from '../figures.ts';
import { ownTails } from '../own-tail.ts';

const ID = 'latency-tail';

/** Calls that now and then take far longer than usual: because another tool holds the loop, or by their own doing. */
export const latencyTail: Detector<'latency' | 'target'> = {
  id: ID,
  check: 'latency',
  examinations: ['check', 'profile'],
  needs: ['latency', 'target'],
  mayUse: ['blocking', 'mixedLatency', 'exercise'],

  detect(evidence) {
    const byOthers = delayedOthers(ID, evidence);
    const culprits = new Set(byOthers.map((finding) => finding.tool));
    // A timer that delays everybody delays lone calls too; and a culprit's own tail is the same fault again.
    const own = culprits.has(undefined)
      ? []
      : ownTails(ID, evidence).filter((finding) => !culprits.has(finding.tool));
    return [...byOthers, ...own];
  },

  looked(evidence) {
    const measured = evidence.latency.subjects.filter((record) => record.latencyMs !== null);
    const calls = measured.reduce((sum, record) => sum + record.outcomes.calls - record.outcomes.errors, 0);
    const alone = `${plural(calls, 'call')} of ${plural(measured.length, 'subject')}, one at a time`;
    const { blocking } = evidence;
    if (blocking === undefined)
      return `${alone}; whether one tool delays another was not seen, for want of a view inside the server`;
    return `${alone}; and ${plural(blocking.driverCalls.length, 'call')} of all together, for who waits for whom`;
  },
};
