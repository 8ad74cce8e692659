import {
  BLOCK_MS,
  formatPlace,
  groupByPlace,
  holdsOf,
  isAskedOnceASession,
  medianKnown,
  type HoldGroup,
} from '../../derive/index.ts';
import { isWell, longestHeldMs } from '../../derive/race/index.ts';
import type { Detector, Finding } from '../../evidence/index.ts';
import { crowdPart } from '../crowd-finding.ts';
import { figure, ms, quoted } from '../figures.ts';
import { askedFor, makeFinding, verifyCommand } from '../finding.ts';
import {
  addedMs,
  heldShare,
  inAllRounds,
  inMostRounds,
  lookedAtBatches,
  noBatches,
  queuesOf,
  roundsTable,
  severityOfQueue,
  type QueueInput,
  type SubjectQueue,
} from '../queueing.ts';
import { holdingWhat, remedyFor } from '../remedies.ts';

const ID = 'serialised-by-cpu';
/**
 * What a call must take of the main thread. Eight calls of 20 ms make the last one wait 140 ms, the first figure that a
 * person notices; of less, a server answers more than fifty a second, and every server's calls share one thread.
 */
const HELD_MS_PER_CALL = 20;
/** In crowds each state is new, so that code runs before it is compiled: twice as long, to be sure. */
const HELD_MS_IN_CROWD = 40;
/** The thread's own work is then what the batch takes; the rest is the way to the server and back. */
const HELD_SHARE = 0.7;
/** A call that mostly waits is not made of CPU, even if many of them together fill the thread. */
const SOLO_SHARE = 0.5;

/** Tools whose calls take turns because each of them holds the main thread for most of its time. */
export const serialisedByCpu: Detector<'concurrency' | 'target'> = {
  id: ID,
  check: 'serialisation',
  needs: ['concurrency', 'target'],
  mayUse: ['blocking', 'exercise'],

  detect(evidence) {
    return queuesOf(evidence).flatMap((queue) => {
      const heldMs = heldPerCall(queue);
      const leastMs = isAskedOnceASession(queue.subject.name) ? BLOCK_MS : HELD_MS_PER_CALL;
      if (heldMs === null || heldMs < leastMs) return [];
      const filled = (
        pair: SubjectQueue['largest']['pairs'][number],
        size: SubjectQueue['largest'],
      ): boolean => (heldShare(queue, size, pair) ?? 0) >= HELD_SHARE;
      const made = heldMs >= SOLO_SHARE * queue.largest.soloMs;
      return made && inMostRounds(queue, filled)
        ? [findingOf(evidence, queue, { heldMs, always: inAllRounds(queue, filled) })]
        : [];
    });
  },

  blind: noBatches,
  looked: lookedAtBatches,

  elsewhere: {
    race: crowdPart(ID, (crowd) => {
      const held = longestHeldMs(crowd);
      if (held < HELD_MS_IN_CROWD || !isWell(crowd.most)) return null;
      const { subject, some, most } = crowd;
      return {
        severity: severityOfQueue(held * (some.calls - 1)),
        title: `${most.calls} calls of ${quoted(subject)} at once take turns on the main thread: each holds it for ${ms(held)} without a pause`,
        cost: { value: figure(held), unit: 'ms added for every other call', per: 'call' },
        fix: remedyFor('cpu', [], undefined),
        expect: `calls of ${quoted(subject)} no longer take turns on the main thread`,
      };
    }),
  },
};

/** Main-thread time of one call: its CPU, or with the view inside also what it waits there synchronously. */
function heldPerCall(queue: SubjectQueue): number | null {
  const cpuMs = medianKnown(queue.largest.pairs.map((pair) => pair.cpuMsPerCall));
  return cpuMs === null ? queue.heldMsPerCall : Math.max(cpuMs, queue.heldMsPerCall ?? 0);
}

function findingOf(
  evidence: QueueInput,
  queue: SubjectQueue,
  { heldMs, always }: { heldMs: number; always: boolean },
): Finding {
  const { subject, largest, home } = queue;
  const place = hottest(evidence, queue);
  const where = place?.location === undefined ? '' : `, at ${formatPlace(place.location, home.cwd)}`;
  const what = place === undefined ? 'computing' : holdingWhat(place);
  const stack = place?.holds[0].stretch.stack ?? [];
  return makeFinding({
    id: ID,
    tool: subject.name,
    location: place?.location,
    severity: severityOfQueue(addedMs(queue)),
    confidence: always ? 'reproduced' : 'measured',
    title: `${largest.inFlight} calls of ${quoted(subject.name)} take ${figure(largest.waves)} times as long as one: each holds the main thread for ${ms(heldMs)}, ${what}${where}`,
    evidence: [
      roundsTable(queue),
      ...(stack.length === 0
        ? []
        : [{ kind: 'stack' as const, title: 'What holds the main thread', frames: stack }]),
    ],
    cost: { value: figure(heldMs), unit: 'ms added for every other call', per: 'call' },
    fix: remedyFor(place?.holds[0].cause ?? 'cpu', stack, place?.location?.function),
    verify: {
      command: verifyCommand('serialised-by-cpu', evidence.target, askedFor(subject.name, evidence.exercise)),
      expect: `exit code 0: calls of ${quoted(subject.name)} no longer take turns on the main thread`,
    },
  });
}

function hottest(evidence: QueueInput, { subject, home }: SubjectQueue): HoldGroup | undefined {
  if (evidence.blocking === undefined) return undefined;
  return groupByPlace(
    holdsOf(evidence.blocking).filter((hold) => hold.stretch.subject === subject.name),
    home,
  )[0];
}
