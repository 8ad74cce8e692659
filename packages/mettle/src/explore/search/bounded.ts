import type { RaceStep, TrialRecord } from '../../evidence/index.ts';
import { Accesses } from './accesses.ts';
import { commutes } from './reduction.ts';
import { RepeatedSteps } from './repeated-steps.ts';

/*
 * Iterative preemption bounding (Musuvathi & Qadeer, PLDI 2007): every schedule with no preemption, then every one
 * with one, then with two; so the first fault met has the fewest. Each trial tells what else could have been taken at
 * each of its steps; each such alternative, with the steps before it, is a schedule to be tried. To leave a chain that
 * could go on costs one preemption; to choose where it could not is free.
 *
 * A state machine without effects: `next` says what to try, `took` learns from it.
 */

/** Where a schedule leaves what would have happened by itself. */
export interface Deviation {
  /** Number of steps before it. */
  readonly at: number;
  /** Id of the step before it; null at the very beginning. */
  readonly after: string | null;
  /** Id of the step that is taken instead. */
  readonly take: string;
}

/** A schedule to be tried. */
export interface PlannedSchedule {
  readonly preemptions: number;
  readonly deviations: readonly Deviation[];
  /** For `strategy: 'prefix'`. */
  readonly decisions: readonly string[];
}

interface Planned {
  readonly preemptions: number;
  readonly deviations: readonly Deviation[];
  /** Steps of the trial it was learnt from, shared by all that were. */
  readonly steps: readonly RaceStep[];
}

/** Left out because another schedule gives the same, as long as the lane keeps the resource to itself. */
interface LeftOut {
  readonly planned: Planned;
  readonly lane: string;
  readonly resource: string;
  readonly writes: boolean;
}

export class BoundedSearch {
  readonly accesses: Accesses = new Accesses();
  readonly #buckets: (Planned | undefined)[][] = [[{ preemptions: 0, deviations: [], steps: [] }]];
  readonly #taken: number[] = [];
  #leftOut: LeftOut[] = [];
  #equivalent = 0;
  #repeats = 0;

  /** The next schedule with at most so many preemptions; null when all of them have been given out. */
  next(bound: number): PlannedSchedule | null {
    for (let preemptions = 0; preemptions <= bound; preemptions++) {
      const bucket = this.#buckets[preemptions] ?? [];
      const taken = this.#taken[preemptions] ?? 0;
      const planned = bucket[taken];
      if (planned === undefined) continue;
      this.#taken[preemptions] = taken + 1;
      // What was given out is not needed again, and its trial may go.
      bucket[taken] = undefined;
      return { ...planned, decisions: decisionsOf(planned) };
    }
    return null;
  }

  /** The highest bound whose schedules have all been tried; null when not even those without preemption have. */
  completeBound(bound: number): number | null {
    let complete: number | null = null;
    for (let preemptions = 0; preemptions <= bound; preemptions++) {
      if ((this.#buckets[preemptions]?.length ?? 0) > (this.#taken[preemptions] ?? 0)) break;
      complete = preemptions;
    }
    return complete;
  }

  /** Schedules that were not tried because another one gives the same. */
  get equivalent(): number {
    return this.#equivalent;
  }

  /** Alternatives that were not tried because the same step had been met often in one call (a polling lock). */
  get repeats(): number {
    return this.#repeats;
  }

  /** Learns from the trial of a schedule what else there is to try. */
  took(schedule: PlannedSchedule, { steps, choices }: TrialRecord): void {
    const news = this.accesses.add(steps);
    const from = schedule.decisions.length;
    const rounds = new RepeatedSteps(steps);
    for (let at = 0; at < choices.length; at++) {
      const choice = choices[at];
      if (choice === undefined || at < from) continue;
      for (const take of choice.others) {
        if (rounds.often(at) || rounds.isRepeat(take, at)) {
          this.#repeats += 1;
          continue;
        }
        const preempts = choice.continues !== null && take !== choice.continues;
        const planned: Planned = {
          preemptions: schedule.preemptions + (preempts ? 1 : 0),
          deviations: [...schedule.deviations, { at, after: steps[at - 1]?.id ?? null, take }],
          steps,
        };
        const effect = preempts ? this.#privateEffect(steps, choices, at, from, take) : null;
        if (effect === null) this.#plan(planned);
        else this.#leaveOut(planned, effect);
      }
    }
    if (news) this.#reconsider();
  }

  /**
   * The effect taken just before `at`, when to preempt after it is the same as to preempt before it: nobody else
   * touches what it touches, no code ran in between, and the same step could have been taken before it.
   */
  #privateEffect(
    steps: readonly RaceStep[],
    choices: TrialRecord['choices'],
    at: number,
    from: number,
    take: string,
  ): RaceStep | null {
    const before = steps[at - 1];
    const choice = choices[at - 1];
    if (before === undefined || choice === undefined || at - 1 < from) return null;
    if (choices[at]?.continues === null || laneOfId(choices[at]?.continues ?? '') !== before.lane)
      return null;
    // Before it too the chain could have gone on, so that leaving it there was a preemption as well.
    if (choice.continues !== before.id || !choice.others.includes(take)) return null;
    return commutes(before, this.accesses) ? before : null;
  }

  #plan(planned: Planned): void {
    (this.#buckets[planned.preemptions] ??= []).push(planned);
  }

  #leaveOut(planned: Planned, { lane, resource, writes }: RaceStep): void {
    this.#equivalent += 1;
    if (resource !== null) this.#leftOut.push({ planned, lane, resource, writes });
  }

  /** What was left out is tried after all when a later trial shows another lane at the same thing. */
  #reconsider(): void {
    const stays: LeftOut[] = [];
    for (const out of this.#leftOut) {
      if (this.accesses.conflicts(out.lane, out.resource, out.writes)) {
        this.#equivalent -= 1;
        this.#plan(out.planned);
      } else stays.push(out);
    }
    this.#leftOut = stays;
  }
}

/** The steps to be taken, from the first to the deviation. */
function decisionsOf({ steps, deviations }: Planned): readonly string[] {
  const last = deviations.at(-1);
  if (last === undefined) return [];
  return [...steps.slice(0, last.at).map(({ id }) => id), last.take];
}

/** Lane of a step's id. */
export function laneOfId(id: string): string {
  return id.slice(0, id.lastIndexOf('#'));
}
