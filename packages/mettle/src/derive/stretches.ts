import type { BlockingEvidence, Frame, SourceLocation, Stretch } from '../evidence/index.ts';
import { functionName, isInternal, locationOf, type Home } from './frames.ts';
import { memoised } from './memo.ts';

/**
 * Why the loop stood still: it computed, it collected garbage, it waited in a call that is synchronous by name, or it
 * waited with nothing in the stack that says for what (native code; a hypervisor that took the processor away).
 */
export type HoldCause = 'cpu' | 'gc' | 'synchronous-call' | 'unexplained-wait';

/** What a stretch cost the event loop, the host's delays taken out. */
export interface Hold {
  readonly stretch: Stretch;
  readonly costMs: number;
  readonly cause: HoldCause;
  /** False when the clock could not tell the server's own doing from the host's, or from other threads'. */
  readonly certain: boolean;
}

/**
 * A wait on the main thread counts by itself from this length on. Shorter remainders of wall time after CPU and
 * run-queue time are within the clocks' steps (4 ms at 250 Hz, at both ends) and a few page faults.
 */
const WAIT_COUNTS_FROM_MS = 50;
/** From here on garbage collection is what the stretch was about. */
const GC_SHARE = 0.5;

/** The synchronous call of Node's that the stack stands in, such as `execFileSync`; undefined when in none. */
export function synchronousCall(stack: readonly Frame[]): Frame | undefined {
  const own = stack.findIndex((frame) => !isInternal(frame));
  const internal = own < 0 ? stack : stack.slice(0, own);
  // The outermost is the one that the application called: execFileSync calls spawnSync.
  return internal.findLast(
    (frame) =>
      frame.function.endsWith('Sync') || (frame.file === '' && /^Atomics\.wait$|^wait$/.test(frame.function)),
  );
}

/** What the stretch cost the loop and why; null when the clocks tell nothing. */
export function holdOf(stretch: Stretch, clock: BlockingEvidence['cpuClock']): Hold | null {
  if (stretch.cpuMs === null) return null;
  // The process clock counts other threads too: an upper limit, never more than the wall time.
  const cpuMs = Math.min(stretch.cpuMs, stretch.wallMs);
  const waitMs = Math.max(0, stretch.wallMs - cpuMs - (stretch.hostDelayMs ?? 0));
  const delayKnown = stretch.hostDelayMs !== null;
  const synchronous = synchronousCall(stretch.stack) !== undefined;
  // A collector's pause waits for its helper threads, which the host may have delayed: only its CPU is certain.
  const collecting = stretch.gcMs >= GC_SHARE * stretch.wallMs && !synchronous;
  const waitCounts =
    synchronous || (!collecting && delayKnown && clock === 'schedstat' && waitMs >= WAIT_COUNTS_FROM_MS);
  const costMs = waitCounts ? cpuMs + waitMs : cpuMs;
  if (costMs <= 0) return null;
  const waited = waitCounts && waitMs > cpuMs;
  const certain = clock !== 'process' && (delayKnown || !waited);
  if (waited)
    return { stretch, costMs, cause: synchronous ? 'synchronous-call' : 'unexplained-wait', certain };
  return { stretch, costMs, cause: collecting ? 'gc' : 'cpu', certain };
}

/** Every stretch with its cost, dearest first. */
export const holdsOf: (blocking: BlockingEvidence) => readonly Hold[] = memoised(
  (blocking: BlockingEvidence) =>
    blocking.stretches
      .map((stretch) => holdOf(stretch, blocking.cpuClock))
      .filter((hold) => hold !== null)
      .toSorted((a, b) => b.costMs - a.costMs),
);

/** Holds of one subject at one place. */
export interface HoldGroup {
  readonly location: SourceLocation | undefined;
  /** Dearest first; its first entry stands for the group. */
  readonly holds: readonly [Hold, ...Hold[]];
  /** How many different calls they belong to; for what no call started, how many there are. */
  readonly calls: number;
}

/** How many different calls the holds belong to; where no call started them, each counts by itself. */
export function distinctCalls(holds: readonly Hold[]): number {
  return new Set(
    holds.map((hold, i) =>
      hold.stretch.call === 0 ? `-${i}` : `${hold.stretch.subject} ${hold.stretch.call}`,
    ),
  ).size;
}

/** The holds by the function in which they stood (garbage collection apart), the group with most calls first. */
export function groupByPlace(holds: readonly Hold[], home: Home): readonly HoldGroup[] {
  const groups = new Map<string, { location: SourceLocation | undefined; holds: [Hold, ...Hold[]] }>();
  for (const hold of holds) {
    const location = locationOf(hold.stretch.stack, home);
    const key =
      hold.cause === 'gc'
        ? 'gc'
        : location === undefined
          ? 'unknown'
          : `${location.file} ${functionName({ function: location.function ?? '' }) ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { location, holds: [hold] });
    else group.holds.push(hold);
  }
  return [...groups.values()]
    .map((group) => ({ ...group, calls: distinctCalls(group.holds) }))
    .toSorted((a, b) => b.calls - a.calls || b.holds[0].costMs - a.holds[0].costMs);
}

/**
 * How long a typical call of the subject holds the loop altogether: the median over all its calls of what their
 * stretches cost. Null when the subject was not seen from inside.
 */
export function heldMsPerCall(blocking: BlockingEvidence, subject: string): number | null {
  const calls = blocking.subjects.find((entry) => entry.name === subject)?.calls ?? 0;
  if (calls === 0) return null;
  const perCall = new Map<number, number>();
  for (const { stretch, costMs } of holdsOf(blocking)) {
    if (stretch.subject === subject) perCall.set(stretch.call, (perCall.get(stretch.call) ?? 0) + costMs);
  }
  const sums = [...perCall.values()].sort((a, b) => b - a);
  // Calls without a kept stretch held it for less than the threshold: they count as nothing.
  return sums[Math.floor(calls / 2)] ?? 0;
}
