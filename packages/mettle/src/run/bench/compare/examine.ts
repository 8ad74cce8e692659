import { concludeOn, judgedSubjects, judgeMetrics } from '../../../derive/index.ts';
import type {
  ComparisonEvidence,
  EvidenceMap,
  ExerciseEvidence,
  OutcomeCounts,
  PairedFigures,
  SubjectPlan,
  Threshold,
} from '../../../evidence/index.ts';
import type { Examined } from '../../execute.ts';
import { noteUnreached, targetEvidence } from '../../facts.ts';
import type { ExaminationRequest } from '../../request.ts';
import { benchBundle } from '../bundle.ts';
import { compareVersions, type Compared } from './compare.ts';
import { profileSide } from './profile-side.ts';
import { versionOf, type Version } from './version.ts';

export interface ComparisonRequest extends ExaminationRequest {
  /** What to compare with, as `--compare` takes it. */
  readonly compareWith: string;
  readonly tolerance: number;
  readonly thresholds: readonly Threshold[];
}

/** Of the budget, for the profiles of a difference, starting and warming up included; the rest is for the pairs. */
const PROFILE_SHARE = 0.12;
const LEAST_PROFILE_MS = 1500;
const WARM_UP_MS = 1000;
/** What starting a server usually takes. */
const START_MS = 600;
export const AS_IT_STANDS = 'the server as it stands';

/**
 * Compares the target with another version of it. A version that cannot be reached is evidence, not an exception;
 * checkouts and processes are gone afterwards, whatever happens.
 */
export async function examineComparison(
  request: ComparisonRequest,
  said: readonly string[] = [],
): Promise<Examined> {
  const startedAt = new Date();
  const evidence: Partial<EvidenceMap> = {};
  const notes: string[] = [...said];
  tell(request, `preparing ${request.compareWith}`, 0);
  const version = await versionOf(request.compareWith, request.spec, request.signal);
  let targetFault: string | null = null;
  try {
    notes.push(...version.prepared.map((done) => `${version.label}: ${done}.`));
    await compareWith(request, version, evidence);
    if (request.signal.aborted) notes.push('Interrupted: the figures are of what was measured until then.');
  } catch (error) {
    if (request.signal.aborted) notes.push('Interrupted before anything was compared.');
    else targetFault = noteUnreached(error, request, evidence);
  } finally {
    version.remove();
  }
  return { bundle: benchBundle(request, startedAt, evidence, notes), targetFault };
}

async function compareWith(
  request: ComparisonRequest,
  version: Version,
  evidence: Partial<EvidenceMap>,
): Promise<void> {
  const budgetMs = request.budgetMs * (1 - PROFILE_SHARE);
  const compared = await compareVersions({
    ...request,
    baseline: version,
    candidate: { spec: request.spec, label: AS_IT_STANDS },
    budgetMs,
    onPair: ({ pairs }, remainingMs) =>
      tell(request, 'comparing', 1 - Math.max(0, remainingMs) / request.budgetMs, {
        calls: pairs.reduce((sum, pair) => sum + callsOf(pair.subjects), 0),
        remainingMs,
      }),
  });
  const { candidate } = compared;
  if (request.thresholds.length > 0) evidence.thresholds = { thresholds: request.thresholds };
  evidence.target = targetEvidence({
    request,
    session: candidate?.session ?? null,
    agent: null,
    noAgent: 'latency is never measured while looking inside',
  });
  if (candidate !== null) evidence.exercise = exerciseOf(candidate.plans, compared.comparison);
  evidence.comparison = { ...compared.comparison, profiles: await profilesOf(request, version, compared) };
}

/** Profiles of both sides where they differ: what moved is of interest then only. */
async function profilesOf(
  request: ComparisonRequest,
  version: Version,
  { comparison, candidate }: Compared,
): Promise<ComparisonEvidence['profiles']> {
  const judged = judgeMetrics(comparison);
  const differ = judgedSubjects(judged).some((subject) =>
    ['slower', 'faster', 'mixed'].includes(concludeOn(judged, subject)),
  );
  if (!differ || request.signal.aborted) return null;
  tell(request, 'profiling both versions', 1 - PROFILE_SHARE);
  const options = { ...request, era: candidate?.session.era ?? request.era };
  const times = {
    warmUpMs: WARM_UP_MS,
    profileMs: Math.max(LEAST_PROFILE_MS, (request.budgetMs * PROFILE_SHARE) / 2 - WARM_UP_MS - START_MS),
  };
  const baseline = await profileSide(version.spec, options, times);
  const other = baseline === null ? null : await profileSide(request.spec, options, times);
  return baseline === null || other === null ? null : { baseline, candidate: other };
}

/** Tells how far a comparison is. */
export function tell(
  { onProgress, budgetMs }: Pick<ComparisonRequest, 'onProgress' | 'budgetMs'>,
  title: string,
  done: number,
  {
    calls = 0,
    remainingMs = (1 - done) * budgetMs,
  }: { readonly calls?: number; readonly remainingMs?: number } = {},
): void {
  onProgress({ title, subject: null, calls, done: Math.min(1, done), remainingMs: Math.max(0, remainingMs) });
}

/** Calls of a pair, of both sides. */
export function callsOf(subjects: readonly PairedFigures[]): number {
  return subjects.reduce((sum, { baseline, candidate }) => sum + baseline.calls + candidate.calls, 0);
}

/** What became of the candidate's calls. */
export function exerciseOf(plans: readonly SubjectPlan[], { pairs }: ComparisonEvidence): ExerciseEvidence {
  return {
    subjects: plans.map((entry) => {
      const sides = pairs.flatMap(({ subjects }) =>
        subjects.filter(({ subject }) => subject.name === entry.name).map(({ candidate }) => candidate),
      );
      const errors = sides.reduce((sum, side) => sum + side.errors, 0);
      const outcomes: OutcomeCounts | null =
        sides.length === 0
          ? null
          : {
              calls: sides.reduce((sum, side) => sum + side.calls, 0),
              errors,
              errorKinds: errors === 0 ? {} : { failed: errors },
              firstError: sides.find(({ firstError }) => firstError !== null)?.firstError ?? null,
            };
      return { ...entry, outcomes };
    }),
  };
}
