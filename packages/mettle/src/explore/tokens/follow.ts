import type { ScheduleSpec, Trial } from '../../evidence/index.ts';
import { laneOfId } from '../search/bounded.ts';
import type { Deviation } from '../search/bounded.ts';
import type { Token, TokenDeviation } from './token.ts';

/** A schedule as its token led to it. */
export interface Followed {
  readonly trial: Trial;
  readonly schedule: ScheduleSpec;
  readonly deviations: readonly Deviation[];
  /** Number of the step from which on the token could not be followed, from 0; null when it could. */
  readonly divergedAt: number | null;
}

/**
 * Runs the schedule of a token. Each decision needs to know the steps before it, which the run without it shows: so a
 * token with two decisions takes three runs.
 */
export async function follow(
  { lanes, schedule }: Token,
  run: (schedule: ScheduleSpec) => Promise<Trial>,
): Promise<Followed> {
  if ('spec' in schedule) {
    const trial = await run(schedule.spec);
    return { trial, schedule: schedule.spec, deviations: [], divergedAt: trial.record.divergedAt };
  }
  let decisions: readonly string[] = [];
  const deviations: Deviation[] = [];
  let spec: ScheduleSpec = { strategy: 'prefix', decisions };
  let trial = await run(spec);
  const first: TokenDeviation = { after: null, take: lanes[0] ?? 'A' };
  for (const wanted of [first, ...schedule.deviations]) {
    const place = placeOf(wanted, trial, decisions.length);
    if (place === 'taken already') continue;
    if (place === null) return { trial, schedule: spec, deviations, divergedAt: decisions.length };
    decisions = [...trial.record.steps.slice(0, place.at).map(({ id }) => id), place.take];
    deviations.push(place);
    spec = { strategy: 'prefix', decisions };
    trial = await run(spec);
    if (trial.record.divergedAt !== null) break;
  }
  return { trial, schedule: spec, deviations, divergedAt: trial.record.divergedAt };
}

/** Where in the trial the decision is to be taken; null when the step before it, or what it takes, is not there. */
function placeOf(
  { after, take }: TokenDeviation,
  { record: { steps, choices } }: Trial,
  from: number,
): Deviation | 'taken already' | null {
  const before = after === null ? -1 : steps.findIndex(({ id }) => id === after);
  const at = before + 1;
  const choice = choices[at];
  if ((after !== null && before === -1) || choice === undefined) return null;
  const wanted = (id: string): boolean => id === take || (!take.includes('#') && laneOfId(id) === take);
  if (wanted(choice.taken)) return 'taken already';
  const id = choice.others.find((other) => wanted(other) && (take.includes('#') || other === `${take}#1`));
  const found = id ?? choice.others.find(wanted);
  return found === undefined || at < from ? null : { at, after, take: found };
}
