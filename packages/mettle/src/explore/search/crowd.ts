import type { RaceViolation, ScheduleSpec, Trial } from '../../evidence/index.ts';
import { formatAddress } from '../address.ts';
import type { AddressedCall } from '../address.ts';
import type { Expedition } from '../expedition.ts';
import type { ExploreOptions } from '../options.ts';
import { judgeWithoutReferences } from '../oracle/judge.ts';
import { isError, outcomeOf } from '../oracle/outcome.ts';
import { isRefusal } from '../oracle/refusal.ts';
import { caseOf } from '../preparation.ts';
import type { Preparation } from '../preparation.ts';
import { seedFor } from '../../stats/index.ts';
import { tokenOfSpec, traceHash } from '../tokens/token.ts';
import { CaseSearch } from './case-search.ts';
import { shrink } from './shrink.ts';

/*
 * Many calls at once, whose orders are too many to run: looked at for what needs no order to be wrong (a call never
 * answered, the process gone, an invariant broken, an error nobody met before), and what is found is made smaller
 * until it can be judged as the rest is.
 */

const CROWD = 20;
/** Depth 3 finds what takes three events in order; more takes more trials than there are. */
const PCT_DEPTH = 3;
const LARGEST_JUDGED = 3;

/** What a crowd came to. */
export interface CrowdResult {
  readonly trials: number;
  readonly violations: readonly RaceViolation[];
  /** Searches over the small cases that came of it. */
  readonly searches: readonly CaseSearch[];
}

export async function exploreCrowd(
  expedition: Expedition,
  options: ExploreOptions,
  { subjects, after }: Preparation,
  trials: number,
): Promise<CrowdResult> {
  const calls = crowdOf(options, { subjects, after });
  const steps = calls.reduce((sum, { subject }) => {
    const found = subjects.find((prepared) => prepared.subject.name === subject);
    return sum + (found?.alone.record.steps.length ?? 0);
  }, 0);
  const known = new Set(subjects.flatMap(({ alone }) => errorsIn(alone)));
  const violations: RaceViolation[] = [];
  const searches: CaseSearch[] = [];
  const faultIn = (trial: Trial, of: readonly AddressedCall[]): string | null => {
    const judgement = judgeWithoutReferences(trial, caseOf(options, of, after).calls, options.invariants);
    if (judgement.kind === 'fault') return judgement.class;
    return errorsIn(trial).some((text) => !known.has(text)) ? 'error' : null;
  };
  let run = 0;
  for (; run < trials && violations.length === 0; run++) {
    const spec = mixedSpec(options.seed, run, steps);
    const trial = await expedition.run(caseOf(options, calls, after), spec);
    if (trial === null) break;
    const found = faultIn(trial, calls);
    if (found === null) continue;
    const small = await shrink(calls, async (fewer) => {
      const again = await expedition.run(caseOf(options, fewer, after), spec);
      return again !== null && faultIn(again, fewer) === found;
    });
    if (small.length <= LARGEST_JUDGED) {
      const search = new CaseSearch(expedition, caseOf(options, small, after));
      searches.push(search);
      await search.prepare();
      await search.advance(options.preemptionBound, 500);
      violations.push(...(await search.violations()));
    } else {
      const shown = await shownByStrategy(expedition, options, {
        subjects: small,
        after,
        spec,
        run: run + 1,
      });
      if (shown !== null) violations.push(shown);
    }
    // An error that some order explains once it is small is an error like any other: not to be looked at again.
    for (const text of errorsIn(trial)) known.add(text);
  }
  return { trials: run, violations, searches };
}

function crowdOf(
  options: ExploreOptions,
  { subjects }: Pick<Preparation, 'subjects' | 'after'>,
): readonly AddressedCall[] {
  return Array.from({ length: CROWD }, (_, index) => {
    const prepared = subjects[index % subjects.length];
    const round = Math.floor(index / subjects.length);
    return {
      subject: prepared?.subject.name ?? '',
      number: prepared === undefined || prepared.base === 0 ? round : prepared.base + (round % 2),
      connection: index % Math.max(1, options.connections),
    };
  });
}

/** Random walks find what is shallow, partial order sampling what is rare, PCT what is deep. */
function mixedSpec(seed: number, run: number, length: number): ScheduleSpec {
  const own = seedFor(seed, `crowd ${run}`);
  if (run % 3 === 0) return { strategy: 'random', seed: own };
  return run % 3 === 1
    ? { strategy: 'pos', seed: own }
    : { strategy: 'pct', seed: own, depth: PCT_DEPTH, length: Math.max(1, length) };
}

/** What cannot be made small enough for orders: shown by a fresh process with the same strategy, or not at all. */
async function shownByStrategy(
  expedition: Expedition,
  options: ExploreOptions,
  found: {
    readonly subjects: readonly AddressedCall[];
    readonly after: readonly AddressedCall[];
    readonly spec: ScheduleSpec;
    readonly run: number;
  },
): Promise<RaceViolation | null> {
  const raceCase = caseOf(options, found.subjects, found.after);
  const trial = await expedition.runFresh(raceCase, found.spec);
  const judgement = judgeWithoutReferences(trial, raceCase.calls, options.invariants);
  if (judgement.kind !== 'fault') return null;
  const token = tokenOfSpec(raceCase.calls.length, found.spec);
  return {
    class: judgement.class,
    subjects: raceCase.subjects,
    calls: raceCase.calls,
    setup: raceCase.setup,
    token,
    replay: `${formatAddress({ calls: found.subjects, after: found.after })};${token}`,
    traceHash: traceHash(trial.record.steps),
    preemptions: trial.record.choices.filter(
      ({ continues, taken }) => continues !== null && continues !== taken,
    ).length,
    foundInTrial: found.run,
    badTrials: 1,
    trials: found.run,
    steps: trial.record.steps,
    outcome: outcomeOf(trial, null),
    allowed: [],
    reproduced: true,
    invariant: judgement.invariant,
  };
}

/** Errors as texts without what numbers and names tell apart; refusals of a busy server are none. */
function errorsIn({ answers }: Trial): string[] {
  return answers.flatMap((answer) =>
    isError(answer) && !isRefusal(answer) ? [answer.text.replaceAll(/\d+/g, '#')] : [],
  );
}
