import type { RaceStep } from '../../evidence/index.ts';

/**
 * A lock that is polled can be polled any number of times, and each time is a new place to interrupt. What the fourth
 * round shows the first has shown: so many rounds of the same step in one call, with a timer in between, are
 * interrupted, and no more.
 */
const POLLING_ROUNDS = 3;

/** The same without a timer: a loop over parts, of which later ones may well matter. */
const LOOP_ROUNDS = 20;

/** Which steps of a trial repeat earlier ones of the same lane too often to be worth another schedule. */
export class RepeatedSteps {
  readonly #often: readonly boolean[];
  readonly #index: ReadonlyMap<string, number>;

  constructor(steps: readonly RaceStep[]) {
    const met = new Map<string, { rounds: number; polls: number; timers: number }>();
    const timers = new Map<string, number>();
    this.#often = steps.map((step) => {
      const waits = (timers.get(step.lane) ?? 0) + (step.kind === 'timer' ? 1 : 0);
      timers.set(step.lane, waits);
      const key = sameness(step);
      const before = met.get(key);
      const rounds = (before?.rounds ?? 0) + 1;
      const polls = before === undefined ? 0 : before.polls + (waits > before.timers ? 1 : 0);
      met.set(key, { rounds, polls, timers: waits });
      return rounds > LOOP_ROUNDS || polls >= POLLING_ROUNDS;
    });
    this.#index = new Map(steps.map(({ id }, at) => [id, at]));
  }

  often(at: number): boolean {
    return this.#often[at] === true;
  }

  /** Whether the step that could be taken instead is itself such a repetition, as far as this trial tells. */
  isRepeat(id: string, after: number): boolean {
    const at = this.#index.get(id);
    return at !== undefined && at > after && this.often(at);
  }
}

function sameness({ lane, kind, phase, resource, detail, site }: RaceStep): string {
  return [lane, kind, phase, resource, detail, site?.file, site?.line, site?.column].join('\n');
}
