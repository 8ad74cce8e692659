import type { RaceCall, RaceReset, Trial } from '../../evidence/index.ts';
import { UsageError } from '../../evidence/index.ts';
import type { TrialRequest, TrialRunner } from '../trial-runner.ts';
import { differenceOf, findDifference, outcomeOf } from './equivalence.ts';
import type { References, RehearsalTime } from './equivalence.ts';
import type { Trials } from './trials.ts';

/** After so many trials a reset has to show again that it is equivalent: what fills up slowly shows late. */
const REHEARSE_EVERY = 250;
/** More calls say little more, and cost four trials each. */
const MAX_REHEARSALS = 12;

/** Of the outcomes of some calls that no order gave: that many, then every so many, are looked at for what they left. */
const ALWAYS_LOOKED_AT = 2;
const LOOK_EVERY = 8;

/** A runner that says why its reset was chosen. */
export interface ChosenRunner extends TrialRunner {
  readonly why: string;
}

/**
 * The runner with the cheapest reset that is shown to be equivalent to a fresh process by `rehearsals` (each call of
 * the run alone, in sequence), or with the one that is asked for.
 */
export async function chooseRunner(
  trials: Trials,
  rehearsals: readonly TrialRequest[],
  wanted: RaceReset | 'auto',
  time?: RehearsalTime,
): Promise<ChosenRunner> {
  const possible = trials.possibleResets();
  if (wanted === 'auto') {
    const different = [...new Map(rehearsals.map((each) => [JSON.stringify(each), each])).values()];
    const chosen = spread(different, MAX_REHEARSALS);
    return new Runner(
      trials,
      chosen,
      await cheapest(trials, possible, { rehearsals: chosen, before: [], time }),
    );
  }
  if (!possible.includes(wanted))
    throw new UsageError(
      `The reset "${wanted}" is not possible for this target, which can be put back by ${possible.join(', ')}.`,
    );
  return new Runner(trials, [], {
    reset: wanted,
    rejected: [],
    references: new Map(),
    asked: true,
  });
}

interface Choice {
  readonly reset: RaceReset;
  /** The cheaper ones, each with what told it from a fresh process. */
  readonly rejected: readonly string[];
  readonly references: References;
  readonly asked: boolean;
}

async function cheapest(
  trials: Trials,
  possible: readonly RaceReset[],
  { rehearsals, before, time }: Shown,
): Promise<Choice> {
  const rejected = [...before];
  for (const reset of possible) {
    if (reset === 'process') break;
    const seen = await rehearsed(trials, reset, { rehearsals, time });
    if (typeof seen !== 'string') return { reset, rejected, references: seen, asked: false };
    rejected.push(`${reset}: ${seen}`);
  }
  return { reset: 'process', rejected, references: new Map(), asked: false };
}

/** By what it is shown that a reset is equivalent, and why the ones before are not. */
interface Shown {
  readonly rehearsals: readonly TrialRequest[];
  readonly before: readonly string[];
  readonly time?: RehearsalTime | undefined;
}

async function rehearsed(
  trials: Trials,
  reset: RaceReset,
  { rehearsals, time }: Omit<Shown, 'before'>,
): Promise<References | string> {
  if (rehearsals.length === 0) return 'there was no call to compare by';
  try {
    return await findDifference((request, restart) => trials.run(request, reset, restart), rehearsals, time);
  } catch (error) {
    if (trials.isAborted) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

class Runner implements ChosenRunner {
  readonly #trials: Trials;
  readonly #rehearsals: readonly TrialRequest[];
  #choice: Choice;
  #count = 0;
  /** Outcomes of the orders of calls, by the calls. */
  readonly #usual = new Map<string, Set<string>>();
  /** Outcomes that no order gave, by the calls. */
  readonly #surprises = new Map<string, number>();

  constructor(trials: Trials, rehearsals: readonly TrialRequest[], choice: Choice) {
    this.#trials = trials;
    this.#rehearsals = rehearsals;
    this.#choice = choice;
  }

  get reset(): RaceReset {
    return this.#choice.reset;
  }

  get why(): string {
    const { reset, rejected, asked, references } = this.#choice;
    if (asked) return 'as asked for';
    const fewer =
      references.size < this.#rehearsals.length
        ? ` by ${references.size} of ${this.#rehearsals.length} calls, for want of time`
        : '';
    const shown = reset === 'process' ? 'a fresh process each time' : `equivalent to a fresh process${fewer}`;
    return rejected.length === 0 ? shown : `${shown}; not ${rejected.join('; not ')}`;
  }

  async run(request: TrialRequest): Promise<Trial> {
    this.#count += 1;
    if (this.#count % REHEARSE_EVERY === 0) await this.#rehearseAgain();
    const trial = await this.#trials.run(request, this.#choice.reset, false);
    if (this.#isSurprise(request, trial) && this.#isWorthALook(request)) await this.#lookForTraces(request);
    return trial;
  }

  /** Whether it ended as no order of the same calls did so far: a race may leave in memory what no order does. */
  #isSurprise(request: TrialRequest, trial: Trial): boolean {
    const { setup, calls, observe, schedule } = request;
    const key = JSON.stringify([setup, calls, observe]);
    const outcome = outcomeOf(trial);
    if (schedule.strategy !== 'sequential') return this.#usual.get(key)?.has(outcome) !== true;
    const usual = this.#usual.get(key) ?? new Set();
    this.#usual.set(key, usual.add(outcome));
    return false;
  }

  /** What the first surprises of some calls left nothing of, the next ones seldom do: half of the trials were looks. */
  #isWorthALook({ calls }: TrialRequest): boolean {
    const key = JSON.stringify(calls);
    const count = (this.#surprises.get(key) ?? 0) + 1;
    this.#surprises.set(key, count);
    return count <= ALWAYS_LOOKED_AT || count % LOOK_EVERY === 0;
  }

  /** The calls of the trial once more, each alone: what they find of it would spoil the trials to come. */
  async #lookForTraces({ calls }: TrialRequest): Promise<void> {
    const { reset, references } = this.#choice;
    if (reset === 'process') return;
    const names = new Set(calls.map(nameOf));
    const concerned = [...references].filter(
      ([
        {
          calls: [only],
        },
      ]) => only !== undefined && names.has(nameOf(only)),
    );
    for (const [request, reference] of concerned.length > 0 ? concerned : [...references].slice(0, 2)) {
      const again = await this.#trials.run(request, reset, false);
      if (differenceOf(reference, again) === null) continue;
      await this.#trials.discard();
      return;
    }
  }

  close(): Promise<void> {
    return this.#trials.close();
  }

  /** One call in the server as it has become, and in one that has just begun. */
  async #rehearseAgain(): Promise<void> {
    const { reset, rejected } = this.#choice;
    const request = this.#rehearsals[(this.#count / REHEARSE_EVERY) % this.#rehearsals.length];
    if (reset === 'process' || request === undefined) return;
    const used = await this.#trials.run(request, reset, false);
    const fresh = await this.#trials.run(request, reset, true);
    const difference = differenceOf(used, fresh);
    if (difference === null) return;
    const possible = this.#trials.possibleResets();
    const worn = `${reset}: after ${String(this.#count)} trials a call ${difference}`;
    this.#choice = await cheapest(this.#trials, possible.slice(possible.indexOf(reset) + 1), {
      rehearsals: this.#rehearsals,
      before: [...rejected, worn],
    });
  }
}

function nameOf({ tool, method }: RaceCall): string {
  return tool ?? method ?? '';
}

/** At most `most` of them, evenly taken from all. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_none, i) => items[Math.floor((i * items.length) / most)] as T);
}
