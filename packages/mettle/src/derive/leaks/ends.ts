import type { HeapGrowth } from '../../evidence/index.ts';

/**
 * A timer that is nobody's expiry and waits this long holds more than any server means it to: deadlines of calls are
 * seconds to minutes.
 */
const LONG_TIMER_MS = 600_000;
/** The timers of a cache's entries differ by what the test itself takes. */
const SAME_TTL = 0.01;

/** Whether growth goes on for ever, ends, or could not be decided; `none`: nobody is known to make it grow. */
export type Ending = 'never' | 'ends' | 'undecided' | 'none';

/** How a growth ends, with all that grew beside it. */
export function endingOf(growth: HeapGrowth, all: readonly HeapGrowth[]): Ending {
  const { bound } = growth;
  if (growth.driver === 'calls' && growth.subject === null)
    return bound.kind === 'undecided' ? 'undecided' : 'none';
  if (isLongTimer(growth)) return expiresSomething(growth, all) ? 'ends' : 'never';
  if (bound.kind === 'none') return 'never';
  return bound.kind === 'undecided' ? 'undecided' : 'ends';
}

function isLongTimer({ element, bound }: HeapGrowth): boolean {
  if (element.kind !== 'timeout') return false;
  const delayMs = element.delayMs ?? (bound.kind === 'ttl' ? bound.ttlMs : 0);
  return delayMs >= LONG_TIMER_MS && (bound.kind === 'ttl' || bound.kind === 'none');
}

/** A timer that takes entries out of a container is that container's bound, and no growth of its own. */
function expiresSomething({ element, bound }: HeapGrowth, all: readonly HeapGrowth[]): boolean {
  const delayMs = element.delayMs ?? (bound.kind === 'ttl' ? bound.ttlMs : 0);
  return all.some(
    (other) =>
      other.element.kind !== 'timeout' &&
      other.bound.kind === 'ttl' &&
      Math.abs(other.bound.ttlMs - delayMs) <= SAME_TTL * delayMs,
  );
}
