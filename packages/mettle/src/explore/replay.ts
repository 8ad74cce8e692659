import { UsageError } from '../evidence/index.ts';
import type { RaceViolation, ScheduleSpec, Trial } from '../evidence/index.ts';
import { parseReplay } from './address.ts';
import { Expedition } from './expedition.ts';
import type { RaceCase } from './expedition.ts';
import type { ReplayOptions, ReplayResult } from './options.ts';
import { judge, judgeWithoutReferences } from './oracle/judge.ts';
import { outcomeOf } from './oracle/outcome.ts';
import { runReferences } from './oracle/references.ts';
import type { References } from './oracle/references.ts';
import { caseOf } from './preparation.ts';
import { follow } from './tokens/follow.ts';
import type { Followed } from './tokens/follow.ts';
import { parseToken, traceHash } from './tokens/token.ts';

/** Beyond three calls there are too many orders: what needs none to be wrong is all that is judged. */
const LARGEST_JUDGED = 3;

/** Shows a schedule again in fresh processes, and judges it anew. Throws UsageError for a text that is no replay. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const unlimited = { maxTrials: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY, now: () => 0 };
  const expedition = new Expedition(options, unlimited);
  const { raceCase, token, text } = caseOfReplay(options);
  const run = (schedule: ScheduleSpec): Promise<Trial> => expedition.runFresh(raceCase, schedule);
  const followed = await follow(token, run);
  const { ignore, invariants } = options;
  const result =
    raceCase.calls.length > LARGEST_JUDGED
      ? null
      : await runReferences(raceCase.calls, (order) => run({ strategy: 'sequential', order }), {
          ignore,
          invariants,
        });
  if (result?.judged === false)
    throw new UsageError(`The calls of this replay cannot be judged: ${result.why}.`);
  const references = result?.references ?? null;
  const judgement =
    references === null
      ? judgeWithoutReferences(followed.trial, raceCase.calls, invariants)
      : judge(followed.trial, references, invariants);
  const changed =
    options.traceHash !== undefined && traceHash(followed.trial.record.steps) !== options.traceHash;
  if (judgement.kind !== 'fault') {
    const status = followed.divergedAt === null ? 'gone' : 'diverged';
    const { subjects } = raceCase;
    return {
      subjects,
      status,
      violation: null,
      divergedAt: followed.divergedAt,
      changed,
      trial: followed.trial,
    };
  }
  const violation: RaceViolation = {
    ...shown(raceCase, followed, text, references),
    class: judgement.class,
    invariant: judgement.invariant,
  };
  const { subjects } = raceCase;
  return {
    subjects,
    status: 'shown',
    violation,
    divergedAt: followed.divergedAt,
    changed,
    trial: followed.trial,
  };
}

function caseOfReplay(options: ReplayOptions): {
  readonly raceCase: RaceCase;
  readonly token: NonNullable<ReturnType<typeof parseToken>>;
  readonly text: string;
} {
  const parsed = parseReplay(options.replay);
  const token = parsed === null ? null : parseToken(parsed.token);
  if (parsed === null || token === null)
    throw new UsageError(
      `"${options.replay}" is no replay: one looks like "create@0,create@1;A,B:A#2>B", as a finding's verify line has it.`,
    );
  const { calls, after } = parsed.address;
  const unknown = [...calls, ...after].find(
    ({ subject }) => !options.subjects.some(({ name }) => name === subject),
  );
  if (unknown !== undefined)
    throw new UsageError(`The replay names ${unknown.subject}, which is not called in this run.`);
  if (token.lanes.length !== calls.length)
    throw new UsageError(`The replay has ${calls.length} calls and ${token.lanes.length} lanes.`);
  return { raceCase: caseOf(options, calls, after), token, text: parsed.token };
}

function shown(
  { subjects, calls, setup, address }: RaceCase,
  { trial, deviations }: Followed,
  token: string,
  references: References | null,
): Omit<RaceViolation, 'class' | 'invariant'> {
  const { steps, choices } = trial.record;
  return {
    subjects,
    calls,
    setup,
    token,
    replay: address === null ? token : `${address};${token}`,
    traceHash: traceHash(steps),
    preemptions: deviations.filter(({ at, take }) => {
      const continues = choices[at]?.continues ?? null;
      return continues !== null && continues !== take;
    }).length,
    foundInTrial: 1,
    badTrials: 1,
    trials: 1,
    steps,
    outcome: outcomeOf(trial, null),
    allowed: references?.allowed ?? [],
    reproduced: true,
  };
}
