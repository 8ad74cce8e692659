import { formatPlace, locationOf, type SizeView } from '../../derive/index.ts';
import type { Detector, Finding, SourceLocation } from '../../evidence/index.ts';
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

const ID = 'serialised-by-lock';
/**
 * What each further call must add, as a share of a lone one. Seen from inside that only one call at a time has work
 * under way, the figure has only to show that it costs: 0.6 leaves room for rounds that the host disturbs (two at a
 * time would give 0.5). Seen from outside alone it is the whole proof: 0.9, in every round.
 */
const SLOPE_WITNESSED = 0.6;
/** With one batch size (slow tools, small budgets) nothing confirms it, and noise makes a batch of four three times as long: 0.8. */
const SLOPE_ONE_SIZE = 0.8;
const SLOPE_ALONE = 0.9;
/** And in at least this many: a state that noise brings about half of the time shows in all of five at one in 32. */
const ROUNDS_ALONE = 5;
/** Far more than one after the other is no queue but a service behind the server that breaks down under load. */
const SLOPE_MOST = 1.6;
/** CPU of other threads or child processes from this share on: then the machine's cores may be the queue. */
const OTHER_CPU_SHARE = 0.5;
/** Of what calls in a line wait all together; two lines side by side would come to less than half. */
const LINE_SHARE = 0.6;
/** Waiting seen inside must add up to at least this many calls' worth, or it was stagger. */
const WAITED_CALLS = 1;
const FIX =
  'Hold the lock only around what is shared (take it after the slow part, or release it before), or key it by what it protects, with `exclusive(key)` of @mettle/runtime, so that calls about different things need not wait for each other.';

/** Tools whose calls go one at a time while the main thread is idle: they wait for one another. */
export const serialisedByLock: Detector<'concurrency' | 'target'> = {
  id: ID,
  check: 'serialisation',
  needs: ['concurrency', 'target'],
  mayUse: ['overlap', 'blocking', 'exercise'],

  detect(evidence) {
    return queuesOf(evidence).flatMap((queue) => {
      if (queue.largest.soloMs < SOLO_MS || !mainThreadIdle(queue)) return [];
      if (witnessed(queue)) return [witnessedFinding(evidence, queue)];
      return suspected(queue) ? [suspectedFinding(evidence, queue)] : [];
    });
  },

  blind: noBatches,
  looked: lookedAtBatches,

  elsewhere: {
    race: crowdPart(ID, (crowd, evidence) => {
      const queue = queueIn(crowd, (width) => width === 1);
      if (queue === null) return null;
      const { subject, alone, some, most } = crowd;
      return {
        location: waitingPlace(queue, evidence),
        severity: severityOfQueue(some.virtualMs - alone.virtualMs),
        title: `${most.calls} calls of ${quoted(subject)} at once go one at a time: ${ms(most.virtualMs)} of virtual time against ${ms(alone.virtualMs)} for one`,
        cost: { value: figure(alone.virtualMs), unit: 'ms added for every other call', per: 'call' },
        fix: FIX,
        expect: `calls of ${quoted(subject)} at once no longer go one at a time`,
      };
    }),
  },
};

function witnessed(queue: SubjectQueue): boolean {
  const { witness, largest } = queue;
  if (witness.saw !== 'one-at-a-time') return false;
  const waitedMs = witness.record.waits.reduce((sum, wait) => sum + wait.waitedMs, 0);
  return (
    waitedMs >= WAITED_CALLS * largest.soloMs &&
    queue.sizes.every(
      (size) => Math.max(size.slope, slopeOfMedians(size), slopeOfShortest(size)) >= witnessedSlope(queue),
    )
  );
}

function witnessedSlope(queue: SubjectQueue): number {
  return queue.sizes.length < 2 && !stoodInLine(queue) ? SLOPE_ONE_SIZE : SLOPE_WITNESSED;
}

/** Whether the traced calls waited as those in a line do: the second for one call, the third for two, and so on. */
function stoodInLine({ witness, sizes }: SubjectQueue): boolean {
  if (witness.saw !== 'one-at-a-time') return false;
  const { inFlight, waits } = witness.record;
  const shortestMs = Math.min(...sizes.flatMap((size) => size.pairs.map((pair) => pair.soloMs)));
  const inLineMs = ((inFlight * (inFlight - 1)) / 2) * shortestMs;
  return (
    waits.reduce((sum, wait) => sum + wait.count, 0) >= inFlight - 1 &&
    waits.reduce((sum, wait) => sum + wait.waitedMs, 0) >= LINE_SHARE * inLineMs
  );
}

/** Beside the median of the rounds' slopes: steadier where single calls are disturbed, less so where the host's pace drifts. */
function slopeOfMedians(size: SizeView): number {
  return (size.batchMs - size.soloMs) / (size.inFlight - 1) / size.soloMs;
}

/** Of the least disturbed batch and lone call: a host only ever adds time. */
function slopeOfShortest(size: SizeView): number {
  return (size.wavesOfShortest - 1) / (size.inFlight - 1);
}

/** Without a witness inside: only what neither the cores nor noise can bring about. */
function suspected(queue: SubjectQueue): boolean {
  if (queue.witness.saw !== 'nothing' || queue.sizes.length < 2) return false;
  if (!queue.sizes.every((size) => size.slope <= SLOPE_MOST && size.pairs.length >= ROUNDS_ALONE))
    return false;
  return inAllRounds(
    queue,
    (pair) =>
      pair.slope >= SLOPE_ALONE && pair.otherCpuShare !== null && pair.otherCpuShare < OTHER_CPU_SHARE,
  );
}

function witnessedFinding(evidence: QueueInput, queue: SubjectQueue): Finding {
  const { witness, home } = queue;
  const wait = witness.saw === 'one-at-a-time' ? witness.record.waits[0] : undefined;
  const location = wait === undefined ? undefined : locationOf(wait.stack, home);
  const always = inAllRounds(queue, (pair) => pair.slope >= witnessedSlope(queue));
  const where =
    location === undefined
      ? 'the others stand waiting'
      : `the others wait at ${formatPlace(location, home.cwd)}`;
  return finding(evidence, queue, {
    location,
    confidence: always ? 'reproduced' : 'measured',
    clause: `one at a time while the main thread is idle, and ${where}`,
    fix: FIX,
  });
}

function suspectedFinding(evidence: QueueInput, queue: SubjectQueue): Finding {
  return finding(evidence, queue, {
    location: undefined,
    confidence: 'suspected',
    clause: 'one at a time while the main thread is idle; what they wait for could not be seen',
    fix: 'Look for what the calls share: a lock or promise chain, one connection or session to a service, a loop that awaits each message before it reads the next, a call that waits synchronously. Lock only around the shared part or per resource with `exclusive(key)` of @mettle/runtime, or use more connections.',
  });
}

interface Verdict {
  readonly location: SourceLocation | undefined;
  readonly confidence: Finding['confidence'];
  readonly clause: string;
  readonly fix: string;
}

function finding(evidence: QueueInput, queue: SubjectQueue, verdict: Verdict): Finding {
  const { subject, largest, witness } = queue;
  const severity = severityOfQueue(addedMs(queue));
  return makeFinding({
    id: ID,
    tool: subject.name,
    location: verdict.location,
    // What is only suspected must not head the list.
    severity: verdict.confidence === 'suspected' && severity !== 'low' ? 'medium' : severity,
    confidence: verdict.confidence,
    title: `${largest.inFlight} calls of ${quoted(subject.name)} take ${figure(largest.waves)} times as long as one (${ms(largest.batchMs)} against ${ms(largest.soloMs)}): they go ${verdict.clause}`,
    evidence: [roundsTable(queue), ...queueStacks(witness)],
    cost: {
      value: figure(addedMs(queue) / (largest.inFlight - 1)),
      unit: 'ms added for every other call',
      per: 'call',
    },
    fix: verdict.fix,
    verify: {
      command: verifyCommand(
        'serialised-by-lock',
        evidence.target,
        askedFor(subject.name, evidence.exercise),
      ),
      expect: `exit code 0: calls of ${quoted(subject.name)} sent together no longer go one at a time`,
    },
  });
}
