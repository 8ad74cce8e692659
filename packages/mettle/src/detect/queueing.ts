import {
  bySize,
  heldMsPerCall,
  homeOf,
  medianKnown,
  queueWitness,
  type Home,
  type PairedBatch,
  type QueueWitness,
  type SizeView,
} from '../derive/index.ts';
import type { DetectorInput, Exhibit, Severity, Subject, TableExhibit } from '../evidence/index.ts';
import { figure, percent, plural, quoted } from './figures.ts';
import { isTool } from './finding.ts';

export type QueueInput = DetectorInput<'concurrency' | 'target'>;

/** Everything known of how one subject's calls go side by side. */
export interface SubjectQueue {
  readonly subject: Subject;
  /** Smallest batch first; never empty. */
  readonly sizes: readonly [SizeView, ...SizeView[]];
  readonly largest: SizeView;
  readonly witness: QueueWitness;
  /** How long a typical call holds the loop, seen from inside; null without that view. */
  readonly heldMsPerCall: number | null;
  readonly home: Home;
}

/** One round may be the first batch ever (pools fill, caches warm). Two will do, since CPU and counts seen inside are the proof. */
const ROUNDS_TO_JUDGE = 2;

/** The subjects whose batches were repeated often enough to be judged. */
export function queuesOf(evidence: QueueInput): readonly SubjectQueue[] {
  const home = homeOf(evidence.target);
  return evidence.concurrency.subjects.flatMap(({ subject, rounds }) => {
    const sizes = bySize(rounds).filter((size) => size.pairs.length >= ROUNDS_TO_JUDGE);
    const [first, ...rest] = sizes;
    if (first === undefined) return [];
    const record = evidence.overlap?.subjects.find((entry) => entry.name === subject.name);
    const held = evidence.blocking === undefined ? null : heldMsPerCall(evidence.blocking, subject.name);
    return [
      {
        subject,
        sizes: [first, ...rest],
        largest: rest.at(-1) ?? first,
        witness: queueWitness(record),
        heldMsPerCall: held,
        home,
      },
    ];
  });
}

/** Share of the batch's time for which the main thread was taken, by its CPU or by what its stretches cost; null = unknown. */
export function heldShare(queue: SubjectQueue, size: SizeView, pair: PairedBatch): number | null {
  const byStretches =
    queue.heldMsPerCall === null ? null : Math.min(1, (size.inFlight * queue.heldMsPerCall) / pair.batchMs);
  if (byStretches === null || pair.mainCpuShare === null) return byStretches ?? pair.mainCpuShare;
  return Math.max(byStretches, pair.mainCpuShare);
}

/** Whether it holds in more than half of the rounds of every size: noise that hits a round now and then cannot bring that about. */
export function inMostRounds(
  queue: SubjectQueue,
  holds: (pair: PairedBatch, size: SizeView) => boolean,
): boolean {
  return queue.sizes.every(
    (size) => size.pairs.filter((pair) => holds(pair, size)).length * 2 > size.pairs.length,
  );
}

/** Whether it holds in every round of every size. */
export function inAllRounds(
  queue: SubjectQueue,
  holds: (pair: PairedBatch, size: SizeView) => boolean,
): boolean {
  return queue.sizes.every((size) => size.pairs.every((pair) => holds(pair, size)));
}

/** Below this, how long a call takes is mostly the two processes waking each other: 1 to 4 ms on a busy host. */
export const SOLO_MS = 5;
/** A main thread that is taken for half of the time is itself the queue, or part of it. */
const IDLE_SHARE = 0.5;

/** Whether the main thread was mostly free while the calls took their time; false when nobody can say. */
export function mainThreadIdle(queue: SubjectQueue): boolean {
  return inMostRounds(queue, (pair, size) => {
    const held = heldShare(queue, size, pair);
    return held !== null && held < IDLE_SHARE;
  });
}

/** What the last caller of the largest batch waits beyond its own call. */
export function addedMs(queue: SubjectQueue): number {
  return queue.largest.batchMs - queue.largest.soloMs;
}

/**
 * Severity of a queue by what its last caller waits in the largest batch: from 5 s on clients give up in earnest,
 * from half a second on anybody notices, under 50 ms nobody does.
 */
export function severityOfQueue(addedByQueueMs: number): Severity {
  if (addedByQueueMs >= 5000) return 'critical';
  if (addedByQueueMs >= 500) return 'high';
  return addedByQueueMs >= 50 ? 'medium' : 'low';
}

/** The rounds in figures, one row per batch size. */
export function roundsTable(queue: SubjectQueue): TableExhibit {
  const shown = (value: number | null): string => (value === null ? 'unknown' : percent(value));
  return {
    kind: 'table',
    title: 'Calls sent together against one alone (medians; host delay taken out)',
    columns: [
      'in flight',
      'rounds',
      'one alone ms',
      'all together ms',
      'times as long',
      'at a time',
      'main thread CPU',
      'other CPU',
    ],
    rows: queue.sizes.map((size) => [
      size.inFlight,
      size.pairs.length,
      figure(size.soloMs),
      figure(size.batchMs),
      figure(size.waves),
      figure(Math.min(size.inFlight, size.inFlight / size.waves)),
      shown(medianKnown(size.pairs.map((pair) => pair.mainCpuShare))),
      shown(medianKnown(size.pairs.map((pair) => pair.otherCpuShare))),
    ]),
  };
}

/** Where calls stood waiting and what the others were doing, as stacks. */
export function queueStacks(witness: QueueWitness): readonly Exhibit[] {
  if (witness.saw !== 'one-at-a-time' && witness.saw !== 'limited') return [];
  const [wait] = witness.record.waits;
  const [holder] = witness.record.holders;
  return [
    ...(wait === undefined || wait.stack.length === 0
      ? []
      : [
          {
            kind: 'stack' as const,
            title: `Where calls wait in line (${plural(wait.count, 'call')})`,
            frames: wait.stack,
          },
        ]),
    ...(holder === undefined || holder.stack.length === 0
      ? []
      : [
          {
            kind: 'stack' as const,
            title: `What the call at its turn is doing meanwhile (${holder.kind})`,
            frames: holder.stack,
          },
        ]),
  ];
}

/** Why calls sent together could not be judged; null when some could. */
export function noBatches(evidence: QueueInput): string | null {
  const queues = queuesOf(evidence);
  if (queues.length === 0)
    return 'no tool answered often enough to compare calls sent together with one alone (raise --budget)';
  // A listing goes beside the tools; that it could be judged says nothing of them.
  const left = unjudgedTools(evidence, queues);
  const judged = queues.some((queue) => isTool(queue.subject.name, evidence.exercise));
  return left.length === 0 || judged
    ? null
    : `${left.map(quoted).join(', ')} could not be called together often enough to compare with one call alone (the notes say why)`;
}

/** Tools that were called alone, but not together or not often enough. */
function unjudgedTools({ exercise }: QueueInput, queues: readonly SubjectQueue[]): readonly string[] {
  const judged = new Set(queues.map((queue) => queue.subject.name));
  return (exercise?.subjects ?? [])
    .filter(({ kind, exercised, name }) => kind === 'tool' && exercised && !judged.has(name))
    .map(({ name }) => name);
}

/** The clause for a clear verdict. All three detectors look at the same rounds: the same clause, so that it is said once. */
export function lookedAtBatches(evidence: QueueInput): string {
  const queues = queuesOf(evidence);
  if (queues.length === 0)
    return 'no subject answered often enough to compare calls sent together with one alone';
  const rounds = queues.reduce(
    (sum, queue) => sum + queue.sizes.reduce((most, size) => Math.max(most, size.pairs.length), 0),
    0,
  );
  const flights = [...new Set(queues.flatMap((queue) => queue.sizes.map((size) => size.inFlight)))]
    .toSorted((a, b) => a - b)
    .join(', ');
  const blind = queues.filter((queue) =>
    queue.largest.pairs.every((pair) => heldShare(queue, queue.largest, pair) === null),
  ).length;
  const left = unjudgedTools(evidence, queues);
  return [
    `${plural(queues.length, 'subject')}, ${plural(rounds, 'round')} of ${flights} calls in flight`,
    ...(blind === 0
      ? []
      : [`for ${blind} of them not whether the main thread was busy, for want of its clock`]),
    ...(left.length === 0 ? [] : [`not ${left.map(quoted).join(', ')} (the notes say why)`]),
  ].join('; ');
}
