import type { RaceClass, RacePair, RaceViolation, ScheduleSpec, Trial } from '../../evidence/index.ts';
import type { Expedition, RaceCase } from '../expedition.ts';
import { judge, judgeWithoutReferences } from '../oracle/judge.ts';
import type { Judgement } from '../oracle/judge.ts';
import { explainsTheRest, refusedLanes } from '../oracle/refusal.ts';
import { runReferences } from '../oracle/references.ts';
import type { References } from '../oracle/references.ts';
import { BoundedSearch } from './bounded.ts';
import type { PlannedSchedule } from './bounded.ts';
import { seedFor } from '../../stats/index.ts';
import { confirm } from './confirm.ts';
import type { Confirmation } from './confirm.ts';
import { violationOf } from './violation.ts';

/** Worst first: what is said of a pair when it shows several. */
const WORST_FIRST: readonly RaceClass[] = ['crash', 'hang', 'state', 'invariant', 'error', 'results'];

/** A server that ends or hangs is started anew each time; so many times show it well enough. */
const COSTLY_FAULTS = 10;

/** Where order escapes control, so many trials with completions delayed at random. */
const DELAYED_TRIALS = 10;
const LONGEST_DELAY_MS = 20;

/** A schedule that no order explains. */
export interface Candidate {
  /** How the bounded search came to it; null when a strategy chose it all. */
  readonly schedule: PlannedSchedule | null;
  /** Runs it again. */
  readonly spec: ScheduleSpec;
  readonly trial: Trial;
  readonly fault: Extract<Judgement, { kind: 'fault' }>;
  readonly foundInTrial: number;
}

/** The search over one set of calls, which can be taken up again where it was left. */
export class CaseSearch {
  readonly case: RaceCase;
  references: References | null = null;
  undecided: string | null = null;
  trials = 0;
  badTrials = 0;
  /** Only the answers were those of no order. */
  oddTrials = 0;
  readonly #expedition: Expedition;
  readonly #search = new BoundedSearch();
  readonly #candidates = new Map<RaceClass, Candidate>();
  readonly #confirmed = new Map<RaceClass, Confirmation>();
  readonly #refusals = new Map<string, References | null>();
  #inconclusive: string | null = null;
  #costly = 0;
  #escapes = false;
  #delayed = 0;
  #diverged = 0;
  #bound = 0;

  constructor(expedition: Expedition, raceCase: RaceCase) {
    this.#expedition = expedition;
    this.case = raceCase;
  }

  /** Runs the orders that the schedules are judged by. */
  async prepare(): Promise<void> {
    const { ignore, invariants } = this.#expedition.options;
    const escaped = new Set<string>();
    const result = await runReferences(
      this.case.calls,
      async (order) => {
        const trial = await this.#expedition.run(this.case, { strategy: 'sequential', order });
        for (const what of trial?.record.uncontrolled ?? []) escaped.add(what);
        return trial;
      },
      { ignore, invariants },
    );
    if (!result.judged) {
      this.#escapes = escaped.size > 0;
      this.undecided = this.#escapes
        ? `control is lost (${[...escaped].toSorted().join(', ')}), and ${result.why}`
        : result.why;
      return;
    }
    this.references = result.references;
    for (const { record } of result.references.trials) this.#search.accesses.add(record.steps);
  }

  /** Tries schedules with at most so many preemptions, until all are tried or `maxTrials` of them have been. */
  async advance(bound: number, maxTrials: number = Number.POSITIVE_INFINITY): Promise<void> {
    this.#bound = Math.max(this.#bound, bound);
    const { references } = this;
    if (references === null) {
      if (this.#escapes) await this.#delay(null);
      return;
    }
    for (let tried = 0; tried < maxTrials && this.#costly < COSTLY_FAULTS; tried++) {
      if (!this.#expedition.mayGoOn) break;
      const schedule = this.#search.next(bound);
      if (schedule === null) break;
      const trial = await this.#expedition.run(this.case, {
        strategy: 'prefix',
        decisions: schedule.decisions,
      });
      if (trial === null) break;
      this.trials += 1;
      if (trial.record.divergedAt === null) this.#search.took(schedule, trial.record);
      else this.#diverged += 1;
      this.#escapes ||= trial.record.uncontrolled.length > 0;
      const decisions = trial.record.steps.map(({ id }) => id);
      await this.#judge({ schedule, spec: { strategy: 'prefix', decisions }, trial }, references);
    }
    if (this.#escapes) await this.#delay(references);
  }

  /** What control does not order is at least delayed, once: that finds by luck what the search cannot by method. */
  async #delay(references: References | null): Promise<void> {
    for (; this.#delayed < DELAYED_TRIALS && this.#expedition.mayGoOn; this.#delayed++) {
      const seed = seedFor(this.#expedition.options.seed, `delay ${this.#delayed}`);
      const spec: ScheduleSpec = { strategy: 'delay', seed, longestMs: LONGEST_DELAY_MS };
      const trial = await this.#expedition.run(this.case, spec);
      if (trial === null) return;
      this.trials += 1;
      await this.#judge({ schedule: null, spec, trial }, references);
    }
  }

  get completeBound(): number | null {
    return this.references === null ? null : this.#search.completeBound(this.#bound);
  }

  get equivalent(): number {
    return this.#search.equivalent;
  }

  get repeats(): number {
    return this.#search.repeats;
  }

  /** Trials with completions delayed at random, where control was lost. */
  get delayed(): number {
    return this.#delayed;
  }

  /** Schedules that the server did not follow: what comes after them was not tried. */
  get diverged(): number {
    return this.#diverged;
  }

  get hasFault(): boolean {
    return [...this.#candidates.keys()].some((name) => name !== 'results');
  }

  async #judge(
    seen: Pick<Candidate, 'schedule' | 'spec' | 'trial'>,
    references: References | null,
  ): Promise<void> {
    const { trial } = seen;
    const { invariants } = this.#expedition.options;
    let judgement =
      references === null
        ? judgeWithoutReferences(trial, this.case.calls, invariants)
        : judge(trial, references, invariants);
    if (judgement.kind === 'inconclusive') this.#inconclusive ??= judgement.why;
    if (judgement.kind !== 'fault') return;
    if (judgement.class === 'error' && (await this.#isRefusal(trial)))
      judgement = { ...judgement, class: 'results' };
    if (judgement.class === 'crash' || judgement.class === 'hang') this.#costly += 1;
    if (judgement.class === 'results') this.oddTrials += 1;
    else this.badTrials += 1;
    if (this.#candidates.has(judgement.class)) return;
    this.#candidates.set(judgement.class, { ...seen, fault: judgement, foundInTrial: this.trials });
  }

  /** Whether the errors decline calls in so many words, and the rest is as if these had not been made. */
  async #isRefusal(trial: Trial): Promise<boolean> {
    const refused = refusedLanes(trial);
    if (refused === null) return false;
    const key = refused.join();
    let rest = this.#refusals.get(key);
    if (rest === undefined) {
      const calls = this.case.calls.filter((_, lane) => !refused.includes(lane));
      const without: RaceCase = { ...this.case, calls };
      const { ignore, invariants } = this.#expedition.options;
      const result = await runReferences(
        calls,
        (order) => this.#expedition.run(without, { strategy: 'sequential', order }),
        { ignore, invariants },
      );
      rest = result.judged ? result.references : null;
      this.#refusals.set(key, rest);
    }
    return rest !== null && explainsTheRest(trial, this.case.calls, rest);
  }

  /** The violations: one per class, shown again. What was not shown again is not a violation. */
  async violations(): Promise<readonly RaceViolation[]> {
    const out: RaceViolation[] = [];
    const { references } = this;
    for (const name of WORST_FIRST) {
      const candidate = this.#candidates.get(name);
      if (candidate === undefined || (name === 'results' && out.length > 0)) continue;
      let shown = this.#confirmed.get(name);
      if (shown === undefined) {
        shown = await confirm(candidate, this.case, references, this.#expedition);
        this.#confirmed.set(name, shown);
      }
      if (shown !== 'not shown again')
        out.push(violationOf(candidate, this, references, shown === 'fresh process'));
      else this.undecided ??= `a schedule looked wrong (${name}), and was not shown again by its steps`;
    }
    return out;
  }

  #badAs(shown: readonly RaceClass[]): number {
    if (shown.length === 0) return 0;
    return shown.some((name) => name !== 'results') ? this.badTrials : this.oddTrials;
  }

  /** The row of the matrix; after `violations`. */
  row(connections: number): RacePair {
    const shown = WORST_FIRST.filter(
      (name) => (this.#confirmed.get(name) ?? 'not shown again') !== 'not shown again',
    );
    const completeBound = this.completeBound;
    return {
      subjects: this.case.subjects,
      connections,
      trials: this.trials,
      badTrials: this.#badAs(shown),
      completeBound,
      worst: shown[0] ?? null,
      undecided:
        shown.length > 0 ? null : (this.undecided ?? this.#inconclusive ?? this.#cutShort(completeBound)),
    };
  }

  #cutShort(completeBound: number | null): string | null {
    return completeBound === null
      ? 'cut short before every schedule without preemption had been tried: give more time (--budget)'
      : null;
  }
}
