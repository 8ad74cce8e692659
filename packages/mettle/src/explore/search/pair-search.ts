import type { RaceClass, RacePair, RaceViolation } from '../../evidence/index.ts';
import type { Expedition } from '../expedition.ts';
import { CaseSearch } from './case-search.ts';
import type { PlannedPair } from './pairs.ts';

const WORST_FIRST: readonly RaceClass[] = ['crash', 'hang', 'state', 'invariant', 'error', 'results'];

/** The search over one pair of subjects: all the ways in which their calls meet, as one row of the matrix. */
export class PairSearch {
  readonly pair: PlannedPair;
  readonly searches: readonly CaseSearch[];
  #violations: readonly RaceViolation[] = [];

  constructor(expedition: Expedition, pair: PlannedPair) {
    this.pair = pair;
    this.searches = pair.cases.map((raceCase) => new CaseSearch(expedition, raceCase));
  }

  /** Tries the n-th way of meeting, up to so many preemptions and trials; runs its orders first. */
  async advance(way: number, bound: number, maxTrials?: number): Promise<void> {
    const search = this.searches[way];
    if (search === undefined) return;
    if (search.references === null && search.undecided === null) await search.prepare();
    await search.advance(bound, maxTrials);
    const found = await search.violations();
    const known = new Set(this.#violations.map((violation) => violation.class));
    this.#violations = [...this.#violations, ...found.filter((violation) => !known.has(violation.class))];
  }

  /** The smallest of each class, worst first; a warning only when there is nothing worse. */
  get violations(): readonly RaceViolation[] {
    const sorted = this.#violations.toSorted(
      (a, b) => WORST_FIRST.indexOf(a.class) - WORST_FIRST.indexOf(b.class),
    );
    return sorted.filter(({ class: name }, index) => name !== 'results' || index === 0);
  }

  get hasFault(): boolean {
    return this.#violations.some((violation) => violation.class !== 'results');
  }

  get begun(): readonly CaseSearch[] {
    return this.searches.filter(({ references, undecided }) => references !== null || undecided !== null);
  }

  get row(): RacePair {
    const { begun } = this;
    const rows = begun.map((search) => search.row(this.pair.connections));
    const bounds = rows.map(({ completeBound }) => completeBound);
    const worst = this.violations[0]?.class ?? null;
    const judged = rows.some(({ undecided }) => undecided === null);
    return {
      subjects: this.pair.subjects,
      connections: this.pair.connections,
      trials: sum(rows.map(({ trials }) => trials)),
      badTrials: sum(rows.map(({ badTrials }) => badTrials)),
      completeBound: bounds.length === 0 || bounds.includes(null) ? null : Math.min(...bounds.map(Number)),
      worst,
      undecided:
        worst !== null || judged
          ? null
          : (rows[0]?.undecided ?? 'the budget ended before this pair was raced'),
    };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
