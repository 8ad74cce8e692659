import type { RaceCall, ScheduleSpec, Trial } from '../evidence/index.ts';
import type { RaceProgress, SearchOptions } from './options.ts';

/** What limits a search: trials, time, or neither. */
export interface Limits {
  readonly maxTrials: number;
  /** On the clock of `now`. */
  readonly until: number;
  readonly now: () => number;
}

/** A set of calls and the state they meet. */
export interface RaceCase {
  /** Names of the subjects, in the order of the lanes. */
  readonly subjects: readonly string[];
  readonly setup: readonly RaceCall[];
  readonly calls: readonly RaceCall[];
  /** The calls as a replay names them; null when they have no names. */
  readonly address: string | null;
}

/** One run of the search as a whole: counts its trials and knows when it has to end. */
export class Expedition {
  readonly options: SearchOptions;
  readonly uncontrolled: Set<string> = new Set<string>();
  /** Places whose faults a fresh process has shown, see search/confirm. */
  readonly confirmedPlaces: Set<string> = new Set<string>();
  /** Calls that show the state afterwards; the preparation leaves out those that show something else each time. */
  observe: readonly RaceCall[];
  trials = 0;
  violations = 0;
  readonly #limits: Limits;
  #until: number;
  #doing: Pick<RaceProgress, 'phase' | 'doing'> = { phase: 'references', doing: '' };

  constructor(options: SearchOptions, limits: Limits) {
    this.options = options;
    this.observe = options.observe;
    this.#limits = limits;
    this.#until = limits.until;
  }

  /** Whether another trial may be run. */
  get mayGoOn(): boolean {
    return (
      this.options.signal?.aborted !== true &&
      this.trials < this.#limits.maxTrials &&
      this.#limits.now() < this.#until
    );
  }

  get leftMs(): number {
    return Math.max(0, this.#limits.until - this.#limits.now());
  }

  /** Does something that may take no more than a share of the time that is left. */
  async within<T>(share: number, work: () => Promise<T>): Promise<T> {
    this.#until = Math.min(this.#limits.until, this.#limits.now() + this.leftMs * share);
    try {
      return await work();
    } finally {
      this.#until = this.#limits.until;
    }
  }

  doing(phase: RaceProgress['phase'], doing: string): void {
    this.#doing = { phase, doing };
  }

  /** One trial of the case; null when the time for trials is over. */
  async run({ setup, calls }: RaceCase, schedule: ScheduleSpec): Promise<Trial | null> {
    return this.mayGoOn ? this.#run({ setup, calls, schedule }) : null;
  }

  /** In a process of its own, whatever time is left: a finding is not reported unconfirmed for want of a second. */
  async runFresh({ setup, calls }: RaceCase, schedule: ScheduleSpec): Promise<Trial> {
    return this.#run({ setup, calls, schedule, fresh: true });
  }

  async #run(request: {
    readonly setup: readonly RaceCall[];
    readonly calls: readonly RaceCall[];
    readonly schedule: ScheduleSpec;
    readonly fresh?: boolean;
  }): Promise<Trial> {
    this.trials += 1;
    const { runner, onProgress } = this.options;
    const trial = await runner.run({ ...request, observe: this.observe });
    for (const escaped of trial.record.uncontrolled) this.uncontrolled.add(escaped);
    onProgress?.({ ...this.#doing, trials: this.trials, violations: this.violations });
    return trial;
  }
}
