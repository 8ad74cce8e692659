import type { BlockingEvidence, LatencyEvidence } from '../evidence/index.ts';
import { BLOCK_MS, isAskedOnceASession } from './once-a-session.ts';
import { holdsOf, type Hold } from './stretches.ts';

type DriverCall = BlockingEvidence['driverCalls'][number];

/** One call that had to wait while another subject held the loop. */
export interface Victim {
  readonly call: DriverCall;
  /** How much of the culprit's time on the loop fell into this call. */
  readonly waitedMs: number;
  readonly by: readonly Hold[];
}

/** A subject (null = what no call started) that makes other subjects' calls wait. */
export interface Culprit {
  readonly subject: string | null;
  readonly victims: readonly Victim[];
  /** Calls of all other subjects, delayed or not. */
  readonly others: number;
  /** The stretches that delayed somebody, dearest first. */
  readonly holds: readonly Hold[];
}

/** A call is a victim of a delay from here on, by how long it takes when called alone. */
function victimFromMs(soloP50Ms: number | undefined): number {
  // 20 ms: above what one thread shared by several calls costs anyway. Five times its own time: it shows in a percentile.
  return Math.max(20, 5 * (soloP50Ms ?? 0));
}

/** Stretches shorter than this are ordinary sharing of one thread, however many of them a call meets. */
const HOLD_COUNTS_FROM_MS = 20;

/** Who delays whom: calls as the driver saw them, against the time for which other subjects held the loop meanwhile. */
export function culprits(
  blocking: BlockingEvidence,
  latency: LatencyEvidence | undefined,
): readonly Culprit[] {
  const soloP50 = new Map(
    latency?.subjects.map((record) => [record.subject.name, record.latencyMs?.p50] as const),
  );
  const bySubject = new Map<string | null, Hold[]>();
  for (const hold of holdsOf(blocking)) {
    // A collection's pause in one tool's call may clear up after another's; an unexplained wait may be the host's.
    if (hold.costMs < (isAskedOnceASession(hold.stretch.subject) ? BLOCK_MS : HOLD_COUNTS_FROM_MS)) continue;
    if (hold.cause === 'gc' || hold.cause === 'unexplained-wait') continue;
    const holds = bySubject.get(hold.stretch.subject);
    if (holds === undefined) bySubject.set(hold.stretch.subject, [hold]);
    else holds.push(hold);
  }
  return [...bySubject].map(([subject, holds]) => {
    const inOrder = holds.toSorted((a, b) => a.stretch.startedAtMs - b.stretch.startedAtMs);
    const others = blocking.driverCalls.filter((call) => call.subject !== subject);
    const victims = others.flatMap((call) => {
      const by = during(inOrder, call);
      const waitedMs = by.reduce((sum, hold) => sum + costWithin(hold, call), 0);
      return waitedMs >= victimFromMs(soloP50.get(call.subject)) ? [{ call, waitedMs, by }] : [];
    });
    const harmful = new Set(victims.flatMap((victim) => victim.by));
    return { subject, victims, others: others.length, holds: holds.filter((hold) => harmful.has(hold)) };
  });
}

/** Holds that fell at least in part into the call. `inOrder` must be sorted by start; stretches never overlap. */
function during(inOrder: readonly Hold[], call: DriverCall): readonly Hold[] {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { startedAtMs, wallMs } = (inOrder[middle] as Hold).stretch;
    if (startedAtMs + wallMs <= call.sentAtMs) low = middle + 1;
    else high = middle;
  }
  const found: Hold[] = [];
  for (let i = low; i < inOrder.length; i++) {
    const hold = inOrder[i] as Hold;
    if (hold.stretch.startedAtMs >= call.receivedAtMs) break;
    found.push(hold);
  }
  return found;
}

/** The part of a stretch's cost that fell into the call, taken as even over the stretch. */
function costWithin(hold: Hold, call: DriverCall): number {
  const { startedAtMs, wallMs } = hold.stretch;
  const overlapMs = Math.min(startedAtMs + wallMs, call.receivedAtMs) - Math.max(startedAtMs, call.sentAtMs);
  return overlapMs <= 0 ? 0 : hold.costMs * Math.min(1, overlapMs / wallMs);
}
