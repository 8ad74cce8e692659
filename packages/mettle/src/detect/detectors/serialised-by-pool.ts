import { formatPlace, locationOf, type SizeView } from '../../derive/index.ts';
import type { Detector, Finding, OverlapRecord } from '../../evidence/index.ts';
import { crowdPart, queueIn, waitingPlace } from '../crowd-finding.ts';
import { figure, ms, quoted } from '../figures.ts';
import { askedFor, makeFinding, verifyCommand } from '../finding.ts';
import {
  addedMs,
  inAllRounds,
  lookedAtBatches,
  noBatches,
  mainThreadIdle,
  queueStacks,
  queuesOf,
  roundsTable,
  severityOfQueue,
  SOLO_MS,
  type QueueInput,
  type SubjectQueue,
} from '../queueing.ts';

const ID = 'serialised-by-pool';
/** How far the time of a batch may lie from the whole number of waves that the pool's width predicts: calls differ, and hosts disturb. */
const WAVES_LEAST = 0.6;
const WAVES_MOST = 2;
/** Calls beyond the width must have waited for at least one call's time together, or it was stagger. */
const WAITED_CALLS = 1;

/** Tools of whose calls only so many run at a time, the others waiting for a place: a connection pool, a limit. */
export const serialisedByPool: Detector<'concurrency' | 'overlap' | 'target'> = {
  id: ID,
  check: 'serialisation',
  // From outside, a pool cannot be told from a machine with few cores or a busy service: the width must be seen inside.
  needs: ['concurrency', 'overlap', 'target'],
  mayUse: ['blocking', 'exercise'],

  detect(evidence) {
    return queuesOf(evidence).flatMap((queue) => {
      const { witness, largest } = queue;
      if (witness.saw !== 'limited' || largest.soloMs < SOLO_MS || !mainThreadIdle(queue)) return [];
      const waitedMs = witness.record.waits.reduce((sum, wait) => sum + wait.waitedMs, 0);
      if (waitedMs < WAITED_CALLS * largest.soloMs || !inWaves(queue, witness.width)) return [];
      return [findingOf(evidence, queue, witness)];
    });
  },

  blind: noBatches,
  looked: lookedAtBatches,

  elsewhere: {
    race: crowdPart(ID, (crowd, evidence) => {
      const queue = queueIn(crowd, (width) => width > 1);
      if (queue === null) return null;
      const { subject, alone, some, most } = crowd;
      const { width } = queue;
      return {
        location: waitingPlace(queue, evidence),
        severity: severityOfQueue(some.virtualMs - alone.virtualMs),
        title: `Of ${most.calls} calls of ${quoted(subject)} at once only ${width} at a time have work under way: ${ms(most.virtualMs)} of virtual time against ${ms(alone.virtualMs)} for one`,
        cost: {
          value: figure(most.virtualMs - alone.virtualMs),
          unit: `ms that the last of ${most.calls} calls waits`,
          per: 'call',
        },
        fix: fixFor(width),
        expect: `more than ${width} calls of ${quoted(subject)} run at a time`,
      };
    }),
  },
};

function fixFor(width: number): string {
  return `Raise the pool's size above ${width} (as far as the service behind it allows), or give each place back sooner: take it as late and release it as early as the work permits. Where ${width} is what the service can bear, say so to callers early with \`createLimit\` from @mettle/runtime instead of letting them wait without bound.`;
}

/** Whether batches take as many waves as the width predicts, in each size that needs two or more; on a starved host the shortest ones tell. */
function inWaves(queue: SubjectQueue, width: number): boolean {
  const telling = queue.sizes.filter((size) => size.inFlight >= 2 * width);
  return (
    telling.length > 0 &&
    telling.every(
      (size) => consistent(size, size.waves, width) || consistent(size, size.wavesOfShortest, width),
    )
  );
}

function consistent(size: SizeView, waves: number, width: number): boolean {
  const predicted = Math.ceil(size.inFlight / width);
  return waves >= WAVES_LEAST * predicted && waves <= WAVES_MOST * predicted;
}

function findingOf(
  evidence: QueueInput,
  queue: SubjectQueue,
  witness: { readonly width: number; readonly record: OverlapRecord },
): Finding {
  const { subject, largest, home } = queue;
  const { width, record } = witness;
  const location = locationOf(record.waits[0]?.stack ?? [], home);
  const where = location === undefined ? '' : `, the others wait at ${formatPlace(location, home.cwd)}`;
  const always = inAllRounds(
    queue,
    (pair, size) => size.inFlight < 2 * width || consistent(size, pair.batchMs / pair.soloMs, width),
  );
  return makeFinding({
    id: ID,
    tool: subject.name,
    location,
    severity: severityOfQueue(addedMs(queue)),
    confidence: always ? 'reproduced' : 'measured',
    title: `${largest.inFlight} calls of ${quoted(subject.name)} take ${figure(largest.waves)} times as long as one (${ms(largest.batchMs)} against ${ms(largest.soloMs)}): only ${width} at a time have work under way${where}`,
    evidence: [roundsTable(queue), ...queueStacks(queue.witness)],
    cost: {
      value: figure(addedMs(queue)),
      unit: `ms that the last of ${largest.inFlight} calls waits`,
      per: 'call',
    },
    fix: fixFor(width),
    verify: {
      command: verifyCommand(
        'serialised-by-pool',
        evidence.target,
        askedFor(subject.name, evidence.exercise),
      ),
      expect: `exit code 0: more than ${width} calls of ${quoted(subject.name)} run at a time`,
    },
  });
}
