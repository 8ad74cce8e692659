import { queueOf } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { ms, quoted } from '../figures.ts';
import { overloadDetector, waitingPlace } from '../crowd-finding.ts';

const ID = 'unbounded-queue';
/** The last of fifty calls waits longer than a person takes for "at once". */
const LAST_WAITS_MS = 500;

/** Calls wait in the server for a place, however many there are: none is told to come back later. */
export const unboundedQueue: Detector<'race' | 'target'> = overloadDetector(ID, (crowd, evidence) => {
  const queue = queueOf(crowd);
  if (queue === null) return null;
  const { subject, alone, most } = crowd;
  const waitsMs = most.virtualMs - alone.virtualMs;
  if (waitsMs < LAST_WAITS_MS) return null;
  const waiting = most.calls - queue.width;
  return {
    location: waitingPlace(queue, evidence),
    severity: 'medium',
    title: `Of ${most.calls} calls of ${quoted(subject)} at once ${waiting} wait in the server and none is refused: the last waits ${ms(waitsMs)}, and with more calls the queue grows without end`,
    cost: { value: Math.round(waitsMs), unit: `ms that the last of ${most.calls} calls waits`, per: 'run' },
    fix: `Give the queue an end: \`createLimit({ maxConcurrent: ${queue.width}, maxQueued: … })\` of @mettle/runtime answers "busy, come back later" at once when it is full, or \`harden(server)\` for all tools. What waits longer than its caller does is work for nobody.`,
    expect: `of many calls of ${quoted(subject)} at once some are refused at once`,
  };
});
