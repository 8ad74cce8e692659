import type { RaceEvidence, RaceScaling, RaceViolation } from '../evidence/index.ts';
import type { AddressedCall } from './address.ts';
import { coverageOf } from './coverage.ts';
import { Expedition } from './expedition.ts';
import type { ExploreOptions } from './options.ts';
import { caseOf, prepare } from './preparation.ts';
import type { Preparation } from './preparation.ts';
import { caseAtBoundary } from './search/boundary.ts';
import { CaseSearch } from './search/case-search.ts';
import { exploreCrowd } from './search/crowd.ts';
import { PairSearch } from './search/pair-search.ts';
import { planPairs } from './search/pairs.ts';
import { scalingOf } from './search/scaling.ts';

/** One preemption finds most; what it leaves is looked at when every pair has had its turn. */
const FIRST_BOUND = 1;
/** So many trials of one way to meet before the next pair has its turn: a polled lock would take them all. */
const FIRST_TRIALS = 400;
/** So many at a time when more preemptions are tried, so that every pair gets some. */
const DEEPER_TRIALS = 200;
const TRIPLES = 8;
const TRIPLE_TRIALS = 400;
const CROWD_TRIALS = 60;

/**
 * Races everything with everything, as far as the budget goes: pairs with one preemption, how each subject scales,
 * limits, the other ways in which pairs meet, more preemptions, triples, a crowd.
 */
export async function explore(options: ExploreOptions): Promise<RaceEvidence> {
  const now = options.now ?? (() => performance.now());
  const startedMs = now();
  const startedCpu = process.cpuUsage();
  const expedition = new Expedition(options, {
    maxTrials: Number.POSITIVE_INFINITY,
    until: startedMs + options.budgetMs,
    now,
  });
  const exploration = new Exploration(expedition, options, await prepare(expedition, options));
  try {
    await exploration.run();
  } catch (error) {
    if (expedition.trials < 2) throw error;
    // The user ended it, or the server does not start any more: what was found until then is no less true.
    exploration.endedBy =
      options.signal?.aborted === true ? 'the run was interrupted' : (error as Error).message;
  }
  const cpu = process.cpuUsage(startedCpu);
  return {
    ...exploration.found(),
    reset: options.runner.reset,
    workingCopy: options.workingCopy,
    processes: options.processes,
    preemptionBound: options.preemptionBound,
    trials: expedition.trials,
    uncontrolled: [...expedition.uncontrolled].toSorted(),
    elapsedMs: now() - startedMs,
    cpuMs: (cpu.user + cpu.system) / 1000,
  };
}

class Exploration {
  readonly #expedition: Expedition;
  readonly #options: ExploreOptions;
  readonly #preparation: Preparation;
  readonly #pairs: readonly PairSearch[];
  readonly #others: CaseSearch[] = [];
  readonly #scaling: RaceScaling[] = [];
  readonly #violations: RaceViolation[] = [];
  #crowdTrials = 0;
  /** Why no more trials could be run; null when the time or the schedules ended. */
  endedBy: string | null = null;

  constructor(expedition: Expedition, options: ExploreOptions, preparation: Preparation) {
    this.#expedition = expedition;
    this.#options = options;
    this.#preparation = preparation;
    this.#pairs = planPairs(options, preparation).map((pair) => new PairSearch(expedition, pair));
  }

  async run(): Promise<void> {
    const expedition = this.#expedition;
    await expedition.within(0.6, () => this.#pairsWith(0, FIRST_BOUND));
    await expedition.within(0.4, () => this.#scale());
    await expedition.within(0.4, () => this.#boundaries());
    await expedition.within(0.6, () => this.#otherWays());
    await expedition.within(0.4, () => this.#triples());
    await expedition.within(0.3, () => this.#crowd());
    await this.#deeper();
  }

  /** What was found, and what was tried. */
  found(): Pick<RaceEvidence, 'pairs' | 'violations' | 'scaling' | 'leftOut' | 'coverage'> {
    const searches = [...this.#pairs.flatMap(({ begun }) => begun), ...this.#others];
    const rows = this.#others.filter(({ references }) => references !== null).map((search) => search.row(1));
    return {
      pairs: [...this.#pairs.map(({ row }) => row), ...rows],
      violations: this.#violations,
      scaling: this.#scaling,
      leftOut: [...this.#options.leftOut, ...this.#preparation.leftOut],
      coverage: coverageOf(searches, this.#otherTrials()),
    };
  }

  #otherTrials(): readonly string[] {
    const unraced = this.#pairs.filter(({ begun }) => begun.length === 0).length;
    return [
      ...(this.endedBy === null ? [] : [`ended early: ${this.endedBy}`]),
      ...(this.#crowdTrials > 0
        ? [
            `${this.#crowdTrials} random ${this.#crowdTrials === 1 ? 'schedule' : 'schedules'} of 20 calls at once`,
          ]
        : []),
      ...(unraced > 0 ? [`not raced for want of time: ${unraced} ${unraced === 1 ? 'pair' : 'pairs'}`] : []),
    ];
  }

  async #pairsWith(way: number, bound: number): Promise<void> {
    for (const search of this.#pairs) {
      if (!this.#expedition.mayGoOn) return;
      this.#expedition.doing('pairs', search.pair.subjects.join(' × '));
      await this.#advance(search, way, bound, FIRST_TRIALS);
    }
  }

  /** The other ways to meet: the same thing, other things, the very first calls. */
  async #otherWays(): Promise<void> {
    const ways = Math.max(0, ...this.#pairs.map(({ searches }) => searches.length));
    for (let way = 1; way < ways; way++) {
      for (const search of this.#pairs) {
        if (!this.#expedition.mayGoOn) return;
        if (search.hasFault || way >= search.searches.length) continue;
        this.#expedition.doing('pairs', search.pair.subjects.join(' × '));
        await this.#advance(search, way, FIRST_BOUND, FIRST_TRIALS);
      }
    }
  }

  async #advance(search: PairSearch, way: number, bound: number, trials: number): Promise<void> {
    const before = new Set(search.violations);
    await search.advance(way, bound, trials);
    for (const violation of search.violations) if (!before.has(violation)) this.#add(violation);
  }

  /** A warning makes way for what is worse of the same calls. */
  #add(violation: RaceViolation): void {
    const same = (other: RaceViolation): boolean =>
      other.subjects.join('\n') === violation.subjects.join('\n');
    if (violation.class === 'results') {
      if (this.#violations.some(same)) return;
    } else {
      const warning = this.#violations.findIndex((other) => other.class === 'results' && same(other));
      if (warning !== -1) this.#violations.splice(warning, 1);
      if (this.#violations.some((other) => other.class === violation.class && same(other))) return;
    }
    this.#violations.push(violation);
    this.#expedition.violations = this.#violations.length;
    this.#options.onViolation?.(violation);
  }

  async #scale(): Promise<void> {
    for (const prepared of this.#preparation.subjects) {
      if (!this.#expedition.mayGoOn) return;
      this.#expedition.doing('scaling', prepared.subject.name);
      this.#scaling.push(await scalingOf(this.#expedition, this.#options, this.#preparation, prepared));
    }
  }

  async #boundaries(): Promise<void> {
    for (const prepared of this.#preparation.subjects) {
      if (!this.#expedition.mayGoOn) return;
      if (prepared.subject.annotations.readOnlyHint === true) continue;
      this.#expedition.doing('boundary', prepared.subject.name);
      const raceCase = await caseAtBoundary(this.#expedition, this.#options, prepared);
      if (raceCase !== null) await this.#raceOther(new CaseSearch(this.#expedition, raceCase), FIRST_TRIALS);
    }
  }

  async #raceOther(search: CaseSearch, trials: number): Promise<void> {
    await search.prepare();
    await search.advance(FIRST_BOUND, trials);
    this.#others.push(search);
    for (const violation of await search.violations()) this.#add(violation);
  }

  /** Three that write the same thing, where no two of them have shown anything. */
  async #triples(): Promise<void> {
    const clean = new Set(
      this.#pairs
        .filter(({ hasFault, pair }) => !hasFault && pair.closeness > 0)
        .map(({ pair }) => pair.subjects.join('\n')),
    );
    const { subjects, after } = this.#preparation;
    const writers = subjects.filter(({ subject }) => subject.annotations.readOnlyHint !== true);
    let raced = 0;
    for (const [i, a] of writers.entries())
      for (const [j, b] of writers.entries())
        for (const [k, c] of writers.entries()) {
          if (j < i || k < j || raced >= TRIPLES || !this.#expedition.mayGoOn) continue;
          const names = [a, b, c].map(({ subject }) => subject.name);
          const pairs = [
            [0, 1],
            [0, 2],
            [1, 2],
          ].map(([x = 0, y = 0]) => `${names[x]}\n${names[y]}`);
          if (!pairs.every((pair) => clean.has(pair))) continue;
          raced += 1;
          this.#expedition.doing('triples', names.join(' × '));
          const calls = [a, b, c].map((prepared, lane): AddressedCall => ({
            subject: prepared.subject.name,
            number:
              prepared.base + names.slice(0, lane).filter((name) => name === prepared.subject.name).length,
            connection: lane % Math.max(1, this.#options.connections),
          }));
          const search = new CaseSearch(this.#expedition, caseOf(this.#options, calls, after));
          await this.#raceOther(search, TRIPLE_TRIALS);
        }
  }

  async #crowd(): Promise<void> {
    if (this.#preparation.subjects.length === 0) return;
    this.#expedition.doing('crowd', 'twenty calls at once');
    const result = await exploreCrowd(this.#expedition, this.#options, this.#preparation, CROWD_TRIALS);
    this.#crowdTrials = result.trials;
    this.#others.push(...result.searches);
    for (const violation of result.violations) this.#add(violation);
  }

  /** More preemptions, a share for every pair in turn, until the time or the schedules end. */
  async #deeper(): Promise<void> {
    let left = this.#pairs.filter(({ hasFault, pair }) => !hasFault && !pair.bothReadOnly);
    while (left.length > 0 && this.#expedition.mayGoOn) {
      const more: PairSearch[] = [];
      for (const search of left) {
        if (!this.#expedition.mayGoOn) return;
        this.#expedition.doing('deeper', search.pair.subjects.join(' × '));
        const before = this.#expedition.trials;
        for (const way of search.searches.keys())
          await this.#advance(search, way, this.#options.preemptionBound, DEEPER_TRIALS);
        if (!search.hasFault && this.#expedition.trials > before) more.push(search);
      }
      left = more;
    }
  }
}
