import type { RaceStep } from '../../evidence/index.ts';
import type { Accesses } from './accesses.ts';

/*
 * Partial-order reduction for what a lane keeps to itself: whether another lane runs before or after an effect that
 * nobody else can see makes no difference, so one of the two schedules is enough.
 */

/** Name more than the one path that is told: never private. */
const TWO_PATHS = /rename|link|copyFile|\.cp\b|exchange/i;

/** What happens within the process and shows nowhere else: the thread pool's arithmetic. */
const ARITHMETIC = /^(?:crypto|zlib)\b/;

/** Whether the effect may change places with anything that another lane was ever seen to do. */
export function commutes(step: RaceStep, accesses: Accesses): boolean {
  if (step.phase !== 'effect') return false;
  if (ARITHMETIC.test(step.kind)) return true;
  // Where it is not known what is touched, it may be anything.
  if (step.resource === null || !step.kind.startsWith('fs.') || TWO_PATHS.test(step.kind)) return false;
  return !accesses.conflicts(step.lane, step.resource, step.writes);
}
