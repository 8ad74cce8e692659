import type { HeldStep } from './held-steps.ts';

/**
 * Longer timers are time-outs and housekeeping far more often than work: they fire when nothing else can. The MCP SDK
 * gives every request one of 60 s, which would otherwise abort calls that are merely held.
 */
const LONG_TIMER_MS = 1_000;
/** Beside what a thread has answered, shorter ones too: a call's deadline does not pass while the thread is merely slow. */
const LONG_BESIDE_A_THREAD_MS = 100;

/**
 * What could happen next, in the order in which it was asked for: all that is held, but of each queue the first, and of
 * the timers the one that is due first. Housekeeping only when there is nothing else.
 */
export function enabledSteps(pending: readonly HeldStep[], nowMs: number): readonly HeldStep[] {
  const queues = new Set<object>();
  const enabled: HeldStep[] = [];
  let timer: HeldStep | null = null;
  let idle: HeldStep | null = null;
  for (const step of pending) {
    if (step.dueMs !== null) {
      if (step.idle) idle = earlier(idle, step);
      else timer = earlier(timer, step);
    } else if (step.queue === null || !queues.has(step.queue)) {
      if (step.queue !== null) queues.add(step.queue);
      enabled.push(step);
    }
  }
  const answered = enabled.filter(({ fromThread }) => fromThread);
  const longMs = answered.length > 0 ? LONG_BESIDE_A_THREAD_MS : LONG_TIMER_MS;
  // Nor does a call's own timer come before the answer that the same call was given.
  const isBeaten = answered.some(({ of }) => of === timer?.of);
  if (timer !== null && (((timer.dueMs ?? 0) - nowMs <= longMs && !isBeaten) || enabled.length === 0))
    enabled.push(earlierIfLong(timer, idle, nowMs));
  else if (enabled.length === 0 && idle !== null) enabled.push(idle);
  return enabled.toSorted((a, b) => a.sequence - b.sequence);
}

/** Time does not run past housekeeping that is due before a long timer. */
function earlierIfLong(timer: HeldStep, idle: HeldStep | null, nowMs: number): HeldStep {
  const isLong = (timer.dueMs ?? 0) - nowMs > LONG_TIMER_MS;
  return isLong && idle !== null ? earlier(timer, idle) : timer;
}

function earlier(a: HeldStep | null, b: HeldStep): HeldStep {
  if (a === null) return b;
  const [first, second] = [a.dueMs ?? 0, b.dueMs ?? 0];
  return second < first || (second === first && b.sequence < a.sequence) ? b : a;
}

/** Whether all that could happen is that a long timer fires, or housekeeping. */
export function onlyTimeouts(enabled: readonly HeldStep[], nowMs: number): boolean {
  return enabled.every(({ dueMs, idle }) => dueMs !== null && (idle || dueMs - nowMs > LONG_TIMER_MS));
}
