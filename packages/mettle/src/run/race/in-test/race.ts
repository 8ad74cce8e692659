import { faultOf } from '../../../derive/race/index.ts';
import { homeOf } from '../../../derive/frames.ts';
import { UsageError } from '../../../evidence/index.ts';
import type { RaceCall, RaceClass, RaceEvidence, RaceViolation } from '../../../evidence/index.ts';
import { chooseRunner, exploreScenario, Trials, type TrialRequest } from '../../../explore/index.ts';
import { onOwnPort } from '../../own-port.ts';
import { SourceLibrary } from '../../source-library.ts';
import { atOriginalPlaces } from '../race-places.ts';
import { raceTogether, type Together } from './together.ts';
import { raceMessage } from './message.ts';
import { readScenario, type RaceScenario } from './scenario.ts';

/** What was tried, of calls whose order makes no difference that fails a test. */
export interface NoRace {
  /** Exactly: "every schedule with at most 2 preemptions at I/O boundaries: 114 trials". */
  readonly coverage: string;
  readonly trials: number;
  /** How the state was put back, and why that way. */
  readonly reset: string;
  /** What does not fail the test, in sentences: answers that depend on the order, what escaped control. */
  readonly notes: readonly string[];
}

/** Some order of events gives what no order of the calls explains. */
export class RaceError extends Error {
  override readonly name: string = 'RaceError';
  /** The schedule among these calls: `A,B:A#2>B`. '' where nothing was scheduled. */
  readonly token: string;
  readonly violations: readonly RaceViolation[];

  constructor(message: string, violations: readonly RaceViolation[]) {
    super(message);
    this.violations = violations;
    this.token = violations[0]?.token ?? '';
  }
}

const MAX_TRIALS = 500;
const PREEMPTIONS = 2;
const SEED = 1;

/**
 * Runs the calls in every order of their file accesses, timers and answers up to a number of preemptions, each time
 * from the same state, in a process of its own. Rejects with RaceError, with the order of events, when one of them gives
 * what no order of the calls one after the other gives, or when the invariant does not hold.
 */
export function race(scenario: RaceScenario): Promise<NoRace>;
/**
 * The plain form: calls a function `calls` times at once in this process, `times` times over, in whatever order comes.
 * Rejects with RaceError when a call rejects that does not alone, never settles, or the invariant does not hold.
 */
export function race<T>(call: (i: number) => T | Promise<T>, options: Together<T>): Promise<NoRace>;
export async function race<T>(
  what: RaceScenario | ((i: number) => T | Promise<T>),
  options?: Together<T>,
): Promise<NoRace> {
  const here = { stack: '' };
  Error.captureStackTrace(here, race);
  try {
    if (typeof what !== 'function') return await raceScenario(what);
    const outcome = await raceTogether(what, options ?? {});
    if (typeof outcome === 'string') throw new RaceError(outcome, []);
    return outcome;
  } catch (error) {
    // The test's own line: an error that comes later has lost it.
    if (error instanceof RaceError)
      error.stack = `${error.name}: ${error.message}\n${here.stack.split('\n').slice(1).join('\n')}`;
    throw error;
  }
}

async function raceScenario(scenario: RaceScenario): Promise<NoRace> {
  const { target, setup, calls, observe, invariants } = readScenario(scenario);
  const trials = await Trials.open({
    // Tests run beside each other, and each has a server.
    target: target.kind === 'http' ? ((await onOwnPort(target)) ?? target) : target,
    state: scenario.state ?? null,
    replies: scenario.replies ?? {},
    processes: scenario.processes ?? 1,
    // Over HTTP a client is a session of one process.
    connections: 1 + Math.max(...calls.map(({ connection }) => connection)),
  });
  try {
    const rehearsals = calls.map((each): TrialRequest => ({
      setup,
      calls: [each],
      observe,
      schedule: { strategy: 'sequential', order: ['A'] },
    }));
    const runner = await chooseRunner(trials, rehearsals, scenario.reset ?? 'auto');
    const { pair, violations, coverage, uncontrolled } = await exploreScenario({
      runner,
      setup,
      calls,
      observe,
      names: namesOf(calls),
      invariants,
      ignore: scenario.ignore ?? [],
      preemptionBound: scenario.preemptions ?? PREEMPTIONS,
      seed: SEED,
      maxTrials: scenario.maxTrials ?? MAX_TRIALS,
    });
    if (pair.undecided !== null && violations.length === 0)
      throw new UsageError(`Nothing can be said of this race: ${pair.undecided}.`);
    const allowed: readonly RaceClass[] = scenario.allow ?? ['results'];
    const bad = violations.filter((each) => !allowed.includes(each.class));
    if (bad.length > 0) {
      const placed = await withPlaces(bad, trials, target.cwd);
      throw new RaceError(raceMessage(placed.map(faultOf), { coverage, pair }), placed);
    }
    return {
      coverage,
      trials: pair.trials,
      reset: `${runner.reset}: ${runner.why}`,
      notes: [
        ...violations.map(({ token }) => `An answer depends on the order of events (replay ${token}).`),
        ...(uncontrolled.length > 0 ? [`Control is lost: ${uncontrolled.join(', ')}.`] : []),
        ...trials
          .refusedWrites()
          .map((path) => `The server was refused to write to ${path}, which is no copy.`),
      ],
    };
  } finally {
    await trials.close();
  }
}

/** `register`, or `register 1` and `register 2` where they would be alike. */
function namesOf(calls: readonly RaceCall[]): readonly string[] {
  return calls.map(({ tool = '' }) => tool);
}

/** At the lines that people wrote. */
async function withPlaces(
  violations: readonly RaceViolation[],
  trials: Trials,
  cwd: string,
): Promise<readonly RaceViolation[]> {
  const library = new SourceLibrary(homeOf({ cwd, command: null }));
  const evidence = { violations, scaling: [] } as unknown as RaceEvidence;
  return (
    await atOriginalPlaces(evidence, {
      library,
      directory: trials.copy.dir,
      cwd,
      fetch: (wanted) => trials.scripts(wanted),
    })
  ).violations;
}
