import type { RaceStep, RaceViolation } from '../../evidence/index.ts';
import { laneIndex, refusals, saidBy } from './answers.ts';
import { swappedOf } from './cross-talk.ts';
import type { CrossTalk } from './cross-talk.ts';
import { halfReadOf, staleWriteOf } from './hazards.ts';
import type { HalfRead, StaleWrite } from './hazards.ts';
import { differenceOf, NO_DIFFERENCE } from './states.ts';
import type { StateDifference } from './states.ts';

/** What a violation is: the id of the finding that tells of it. */
export type RacePattern =
  | 'lost-update'
  | 'duplicate-effect'
  | 'limit-exceeded'
  | 'torn-read'
  | 'cross-talk'
  | 'deadlock'
  | 'concurrent-error'
  | 'order-dependent-result'
  | 'crash-under-load';

/** A violation read: what it is, what shows it, and the step at whose line it is mended. */
export interface RaceFault {
  readonly pattern: RacePattern;
  readonly violation: RaceViolation;
  readonly stale: StaleWrite | null;
  readonly torn: HalfRead | null;
  readonly swapped: CrossTalk | null;
  readonly difference: StateDifference;
  /** The step at fault; null when no step tells a line. */
  readonly at: RaceStep | null;
}

/** Reads a violation. */
export function faultOf(violation: RaceViolation): RaceFault {
  const { steps, outcome, allowed } = violation;
  const stale = staleWriteOf(steps);
  const torn = halfReadOf(steps);
  const swapped = swappedOf(violation);
  const difference = differenceOf(outcome, allowed);
  const pattern = patternOf(violation, { stale, torn, swapped, difference });
  return {
    pattern,
    violation,
    stale,
    torn,
    swapped,
    difference,
    at: stepAtFault(pattern, violation, { stale, torn, swapped, difference }),
  };
}

type Signs = Pick<RaceFault, 'stale' | 'torn' | 'swapped' | 'difference'>;

function patternOf(violation: RaceViolation, signs: Signs): RacePattern {
  const { stale, torn, swapped } = signs;
  switch (violation.class) {
    case 'hang':
      return 'deadlock';
    case 'crash':
      return 'crash-under-load';
    case 'error':
      if (swapped !== null) return 'cross-talk';
      return torn === null ? 'concurrent-error' : 'torn-read';
    case 'results':
      if (swapped !== null) return 'cross-talk';
      if (acceptedTooMany(violation)) return tooMany(violation);
      return torn === null ? 'order-dependent-result' : 'torn-read';
    case 'invariant':
    case 'state':
      if (swapped?.exchanged === true) return 'cross-talk';
      return ofState(violation, signs, { stale, torn });
  }
}

/** State that no order leaves: something is gone, something is there too often, or what was read was half of it. */
function ofState(
  violation: RaceViolation,
  { difference }: Signs,
  { stale, torn }: { readonly stale: StaleWrite | null; readonly torn: HalfRead | null },
): RacePattern {
  const { missing, extra } = difference;
  if (stale === null && torn !== null) return 'torn-read';
  // What is there too much of was added twice, or its removal was overwritten: then nobody was let through who is refused else.
  if (extra.length > 0 && missing.length === 0)
    return mayHaveKept(stale, violation, difference) && !refusedLess(violation)
      ? 'lost-update'
      : tooMany(violation, difference);
  if (missing.length > 0 && extra.length === 0) return 'lost-update';
  // A counter that says 11 where every order says 10: not less than it should be, and some call was not refused.
  return stale === null && acceptedTooMany(violation) ? tooMany(violation) : 'lost-update';
}

/**
 * A write of what had been read before brings back what was removed, but only in the file that it writes: an entry too
 * many elsewhere (a ledger, beside the file of keys that both calls missed) was added twice.
 */
function mayHaveKept(
  stale: StaleWrite | null,
  { steps }: RaceViolation,
  { extra }: StateDifference,
): boolean {
  if (stale === null) return false;
  const files = extra.flatMap(({ file }) => (file === null ? [] : [file]));
  const written = steps[stale.write]?.resource;
  return files.length === 0 || files.some((file) => file === written);
}

/**
 * More calls went through than in any order. By answers alone that is only sure where the refusal is an error, or where
 * calls before had to use up what there is: a cache also answers the first call otherwise than the second.
 */
function acceptedTooMany({ outcome, allowed, calls, setup }: RaceViolation): boolean {
  if (!refusedLess({ outcome, allowed })) return false;
  return refusals(outcome, allowed)?.refusedIsError === true || isFilledUp({ calls, setup });
}

/** Fewer calls are answered otherwise than when they come first than in any order. */
function refusedLess({ outcome, allowed }: Pick<RaceViolation, 'outcome' | 'allowed'>): boolean {
  const counted = refusals(outcome, allowed);
  return counted !== null && counted.observed < counted.least;
}

/** Before they are raced, two things are made to begin with; more calls of the same tool use something up. */
const MADE_TO_BEGIN_WITH = 2;

function isFilledUp({ calls, setup }: Pick<RaceViolation, 'calls' | 'setup'>): boolean {
  return calls.some(
    (call) =>
      call.tool !== undefined && setup.filter(({ tool }) => tool === call.tool).length > MADE_TO_BEGIN_WITH,
  );
}

/** The same thing twice, or more things than there is room for. */
function tooMany(violation: RaceViolation, difference: StateDifference = NO_DIFFERENCE): RacePattern {
  const { calls } = violation;
  // Nobody is turned away in any order, and what is too much is there anyway: there was no limit to exceed.
  if (isThereTwice(difference) && !refusedLess(violation)) return 'duplicate-effect';
  const alike = new Set(calls.map(({ connection: _, ...call }) => JSON.stringify(call))).size < calls.length;
  return isFilledUp(violation) || !alike ? 'limit-exceeded' : 'duplicate-effect';
}

function isThereTwice({ missing, extra, repeated }: StateDifference): boolean {
  return missing.length === 0 && extra.length > 0 && repeated === extra.length;
}

function stepAtFault(
  pattern: RacePattern,
  { steps, outcome, allowed }: RaceViolation,
  { stale, torn, swapped, difference }: Signs,
): RaceStep | null {
  switch (pattern) {
    case 'lost-update':
      return placed(steps, stale === null ? lastActing(steps) : stale.write);
    case 'torn-read':
      return placed(steps, torn?.begun ?? -1);
    case 'duplicate-effect':
    case 'limit-exceeded':
      return placed(steps, lastAdding(steps, difference));
    case 'cross-talk':
      return lastOf(steps, (lane) => lane === swapped?.lane);
    case 'deadlock':
      return lastOf(steps, (lane) => outcome.answers[laneIndex(lane)]?.status === 'unanswered');
    case 'concurrent-error':
    case 'order-dependent-result':
      return lastOf(steps, (lane) => isDifferent(outcome.answers, allowed, laneIndex(lane)));
    case 'crash-under-load':
      return steps.findLast(({ site }) => site !== null) ?? null;
  }
}

/** The step if it has a line, else the last one before it of the same lane that has. */
function placed(steps: readonly RaceStep[], index: number): RaceStep | null {
  const step = steps[index];
  if (step === undefined) return null;
  return steps.slice(0, index + 1).findLast(({ lane, site }) => lane === step.lane && site !== null) ?? null;
}

/** The last write of the file that has too much; where none is known, the last that acted at all. */
function lastAdding(steps: readonly RaceStep[], { extra }: StateDifference): number {
  const added = steps.findLastIndex(
    ({ writes, phase, resource }) =>
      writes && phase === 'effect' && extra.some(({ file }) => file !== null && file === resource),
  );
  return added >= 0 ? added : lastActing(steps);
}

/** The last write; where none is seen (what is changed lies in memory), the last time a lane went on. */
function lastActing(steps: readonly RaceStep[]): number {
  const write = steps.findLastIndex(({ writes, phase }) => writes && phase === 'effect');
  if (write >= 0) return write;
  return steps.findLastIndex(({ site, lane }) => site !== null && lane !== 'background');
}

function lastOf(steps: readonly RaceStep[], isMeant: (lane: string) => boolean): RaceStep | null {
  const withPlace = steps.filter(({ site }) => site !== null);
  return withPlace.findLast(({ lane }) => isMeant(lane)) ?? withPlace.at(-1) ?? null;
}

/** Whether a lane's answer is one that it has in no order. */
function isDifferent(
  answers: RaceViolation['outcome']['answers'],
  allowed: RaceViolation['allowed'],
  lane: number,
): boolean {
  const mine = answers[lane];
  return (
    mine !== undefined &&
    !allowed.some(
      (order) => order.answers[lane] !== undefined && saidBy(order.answers[lane]) === saidBy(mine),
    )
  );
}
