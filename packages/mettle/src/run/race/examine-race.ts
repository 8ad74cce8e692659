import type { SubjectPlan } from '../../evidence/index.ts';
import { Trials } from '../../explore/index.ts';
import type { RaceProgress } from '../../explore/index.ts';
import { TargetError } from '../../session/index.ts';
import type { Examined } from '../execute.ts';
import { noteUnreached } from '../facts.ts';
import { bundleOf } from '../gathering.ts';
import type { Gathering } from '../gathering.ts';
import type { Progress } from '../progress.ts';
import type { ExaminationRequest } from '../request.ts';
import { raceOn } from './race-run.ts';
import type { Raced } from './race-run.ts';
import type { RaceSettings } from './race-settings.ts';

/** Everything `mettle race` is told. */
export interface RaceRequest extends ExaminationRequest {
  readonly settings: RaceSettings;
}

/** A server that starts at home may not find its data where it is raced. */
const STARTED_ELSEWHERE =
  'For a race the server is started in a folder of its own, never on your data: what it needs to find there is given as "state" in a workload, and named as {dir} in its command and variables.';

/** Races the calls of a server on a working copy of its own. Throws UsageError for one that cannot be raced. */
export async function examineRace(request: RaceRequest): Promise<Examined> {
  const startedAt = new Date();
  const gathering: Gathering = { request, evidence: {}, notes: [], absent: {} };
  let targetFault: string | null = null;
  try {
    const trials = await openTrials(request, request.settings);
    keepRace(
      gathering,
      await raceOn(trials, { ...request, request, onTopMs: 0, onProgress: teller(request) }),
    );
  } catch (error) {
    if (request.signal.aborted) gathering.notes.push('Interrupted before the end: nothing is said of races.');
    else if (error instanceof TargetError) {
      targetFault = noteUnreached(error, request, gathering.evidence);
      gathering.notes.push(STARTED_ELSEWHERE);
    } else throw error;
  }
  return { bundle: bundleOf(gathering, startedAt), targetFault };
}

/** The server on its working copy. */
export function openTrials(request: ExaminationRequest, settings: RaceSettings): Promise<Trials> {
  return Trials.open({
    target: request.spec,
    state: request.workload?.state ?? null,
    replies: request.workload?.replies ?? {},
    processes: settings.processes,
    connections: request.spec.kind === 'http' ? 2 : 1,
    signal: request.signal,
  });
}

/** All that a race of its own shows, as the evidence of the run. */
function keepRace(
  { evidence, notes }: Gathering,
  { catalogue, target, calls, evidence: race, notes: said }: Raced,
): void {
  evidence.catalogue = catalogue;
  evidence.target = target;
  evidence.race = race;
  evidence.exercise = {
    subjects: calls.plans.map((plan) => {
      const left = race.leftOut.find(({ subject }) => subject === plan.name);
      if (left !== undefined) return { ...plan, exercised: false, reason: left.why, outcomes: null };
      if (!calls.subjects.some(({ name }) => name === plan.name))
        return { ...plan, exercised: false, reason: reasonOf(plan, calls), outcomes: null };
      const mine = race.pairs.filter(({ subjects }) => subjects.includes(plan.name));
      const count = mine.reduce(
        (sum, { subjects, trials }) => sum + trials * subjects.filter((name) => name === plan.name).length,
        0,
      );
      if (count === 0)
        return {
          ...plan,
          exercised: false,
          reason: 'not raced for want of time: give more (--budget)',
          outcomes: null,
        };
      return { ...plan, outcomes: { calls: count, errors: 0, errorKinds: {}, firstError: null } };
    }),
  };
  notes.push(...said);
}

function reasonOf({ name, reason }: SubjectPlan, { observe }: Raced['calls']): string {
  if (reason === null) return 'not raced: it only lists';
  const looks = observe.some(({ tool, method }) => (tool ?? method) === name);
  return looks ? 'not raced, only called to look at the state: --tool names others' : reason;
}

const PHASES: Readonly<Record<RaceProgress['phase'], string>> = {
  references: 'running every order',
  pairs: 'racing pairs of calls',
  boundary: 'looking for limits',
  deeper: 'racing with more preemptions',
  triples: 'racing three calls',
  crowd: 'racing many calls',
  scaling: 'calling ever more at once',
};

/** Progress of the search as a run tells it; how far it is, is known by the time. */
function teller({ budgetMs, onProgress }: ExaminationRequest): (progress: RaceProgress) => void {
  const startedAtMs = Date.now();
  return ({ phase, trials, doing, violations }) => {
    const doneMs = Math.min(budgetMs, Date.now() - startedAtMs);
    onProgress({
      title: `${PHASES[phase]}${violations === 0 ? '' : ` (${violations} found)`}`,
      subject: doing,
      calls: trials,
      done: doneMs / budgetMs,
      remainingMs: budgetMs - doneMs,
    } satisfies Progress);
  };
}
