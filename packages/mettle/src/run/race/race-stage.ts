import { UsageError } from '../../evidence/index.ts';
import type { RaceEvidence } from '../../evidence/index.ts';
import type { LoadContext } from '../../load/index.ts';
import { TargetError } from '../../session/index.ts';
import type { Stage } from '../plan.ts';
import type { ExaminationRequest } from '../request.ts';
import { openTrials } from './examine-race.ts';
import { raceOn } from './race-run.ts';
import { USUAL_RACE } from './race-settings.ts';

/** What the stage brought back: the evidence, or why there is none. */
export type RaceOutcome =
  | { readonly evidence: RaceEvidence; readonly notes: readonly string[] }
  | { readonly evidence: null; readonly why: string };

/** Races the server's calls within `check`: on a server and a working copy of its own, never on the user's data. */
export async function runRaceStage(
  request: ExaminationRequest,
  stage: Stage,
  onProgress: LoadContext['onProgress'],
): Promise<RaceOutcome> {
  try {
    const trials = await openTrials(request, USUAL_RACE);
    const { evidence, notes } = await raceOn(trials, {
      request,
      settings: USUAL_RACE,
      budgetMs: stage.budgetMs,
      onTopMs: stage.onTopMs,
      onProgress: ({ doing, trials: calls }) => onProgress({ subject: doing, calls, done: 0.5 }),
    });
    return { evidence, notes };
  } catch (error) {
    if (request.signal.aborted)
      return { evidence: null, why: 'the run was interrupted before this was examined' };
    // What cannot be raced can be examined otherwise.
    if (error instanceof UsageError) return { evidence: null, why: error.message };
    if (error instanceof TargetError)
      return { evidence: null, why: `the server did not start on a working copy: ${error.message}` };
    throw error;
  }
}
