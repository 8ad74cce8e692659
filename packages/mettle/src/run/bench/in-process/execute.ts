import type {
  Era,
  EvidenceMap,
  InProcessEvidence,
  InProcessFigures,
  MicroQuantiles,
  OutcomeCounts,
  Subject,
  SubjectPlan,
  TargetSpec,
  Threshold,
} from '../../../evidence/index.ts';
import { findReadable, planSubjects, prepareWorkingCopy, setupRequests } from '../../../load/index.ts';
import type { CallSource } from '../../../load/index.ts';
import {
  benchInProcess,
  openSession,
  type InProcessPlan,
  type InProcessSubject,
  type Session,
} from '../../../session/index.ts';
import { ascending, quantile } from '../../../stats/index.ts';
import type { Examined } from '../../execute.ts';
import { noteUnreached, targetEvidence } from '../../facts.ts';
import { readListing } from '../../listing.ts';
import type { ExaminationRequest } from '../../request.ts';
import { benchBundle } from '../bundle.ts';

type ModuleSpec = Extract<TargetSpec, { readonly kind: 'module' }>;

export interface InProcessRequest extends ExaminationRequest {
  readonly spec: ModuleSpec;
  readonly thresholds: readonly Threshold[];
}

/** As the field's guide asks: 500 calls to warm up at least, 10,000 timed. */
const WARM_UP_CALLS = 500;
const TIMED_CALLS = 10_000;
/** Requests of a subject that vary; more would only fill the plan. */
const REQUESTS = 32;

/**
 * Times the module's handlers in its own process, in every era that it speaks: one process for each, over a transport
 * in memory. A module that cannot be served is evidence, not an exception.
 */
export async function benchModule(request: InProcessRequest): Promise<Examined> {
  const startedAt = new Date();
  const { workload, spec, signal } = request;
  const evidence: Partial<EvidenceMap> = {};
  const notes: string[] = [];
  const copy = workload?.state == null ? null : await prepareWorkingCopy(workload.state);
  const target = copy === null ? spec : { ...spec, env: { ...spec.env, ...copy.env } };
  let targetFault: string | null = null;
  try {
    const found = await lookAt({ request, evidence, notes }, target, copy?.dir ?? null);
    const eras: readonly Era[] =
      request.era !== null ? [request.era] : found.era === '2026' ? ['2026', '2025'] : ['2025'];
    evidence.inProcess = { runs: await runEras(request, target, found, eras) };
    evidence.exercise = {
      subjects: found.plans.map((plan) => ({ ...plan, outcomes: outcomesOf(plan, evidence.inProcess) })),
    };
    if (signal.aborted) notes.push('Interrupted: the figures are of what was measured until then.');
  } catch (error) {
    if (signal.aborted) notes.push('Interrupted before anything was measured.');
    else targetFault = noteUnreached(error, request, evidence);
  } finally {
    await copy?.remove();
  }
  return { bundle: benchBundle(request, startedAt, evidence, notes), targetFault };
}

interface Gathering {
  readonly request: InProcessRequest;
  readonly evidence: Partial<EvidenceMap>;
  readonly notes: string[];
}

interface Found {
  readonly era: Era;
  readonly plans: readonly SubjectPlan[];
  readonly sources: readonly CallSource[];
  readonly setup: InProcessPlan['setup'];
}

/** What the module lists and how to call it, by an ordinary session that is closed again. */
async function lookAt(gathering: Gathering, target: ModuleSpec, workingCopy: string | null): Promise<Found> {
  const { request, evidence } = gathering;
  tell(request, 'looking at the module', 0);
  const { session, reach } = await openSession(target, {
    signal: request.signal,
    ...(request.era === null ? {} : { era: request.era }),
  });
  try {
    evidence.reach = reach;
    evidence.target = targetEvidence({
      request,
      session,
      agent: null,
      noAgent: 'handlers are timed without looking inside',
    });
    return await plannedCalls(gathering, session, workingCopy);
  } finally {
    await session.close();
  }
}

async function plannedCalls(
  gathering: Gathering,
  session: Session,
  workingCopy: string | null,
): Promise<Found> {
  const { request } = gathering;
  const catalogue = await readListing(session, gathering);
  const readable = await findReadable({ workingCopy, command: null, cwd: request.spec.cwd });
  const { plans, sources } = planSubjects(catalogue, { ...request, ...readable });
  const setup = setupRequests(request.workload?.setup ?? [], {
    directory: readable.directory,
    seed: request.seed,
  });
  return { era: session.era, plans, sources: sources.filter((source) => source.gentle !== true), setup };
}

async function runEras(
  request: InProcessRequest,
  target: ModuleSpec,
  found: Found,
  eras: readonly Era[],
): Promise<InProcessEvidence['runs']> {
  const runs: InProcessEvidence['runs'][number][] = [];
  for (const [i, era] of eras.entries()) {
    if (request.signal.aborted) break;
    const { node, jsonWithin, fault, subjects } = await benchInProcess(
      target,
      {
        era,
        setup: found.setup,
        subjects: found.sources.map((source) => ({
          name: source.subject.name,
          requests: Array.from({ length: REQUESTS }, (_, k) => source.call(k)),
        })),
        warmUpCalls: WARM_UP_CALLS,
        timedCalls: TIMED_CALLS,
        budgetMs: request.budgetMs / eras.length,
      },
      {
        signal: request.signal,
        onProgress: (name, calls, done) =>
          tell(
            request,
            `calling in process, ${era}`,
            (i + done / found.sources.length) / eras.length,
            name,
            calls,
          ),
      },
    );
    const kinds = new Map(found.sources.map(({ subject }) => [subject.name, subject]));
    runs.push({
      era,
      node,
      jsonWithin,
      fault,
      subjects: subjects.map((subject) =>
        figuresOf(subject, kinds.get(subject.name) ?? { name: subject.name, kind: 'tool' }),
      ),
    });
  }
  return runs;
}

function figuresOf(timed: InProcessSubject, subject: Subject): InProcessFigures {
  const { totalUs, handlerUs, validationUs, json } = timed;
  const rest = totalUs.map((us, i) => Math.max(0, us - (handlerUs?.[i] ?? 0) - (validationUs?.[i] ?? 0)));
  return {
    subject,
    calls: timed.calls,
    errors: timed.errors,
    firstError: timed.firstError,
    warmUpCalls: timed.warmUpCalls,
    steady: timed.steady,
    timedCalls: totalUs.length,
    totalUs: quantilesOf(totalUs),
    splitUs:
      handlerUs === null || validationUs === null || totalUs.length === 0
        ? null
        : { handler: middle(handlerUs), validation: middle(validationUs), protocol: middle(rest) },
    handlerUs: handlerUs === null ? null : quantilesOf(handlerUs),
    cpuUsPerCall: timed.cpuUsPerCall,
    jsonUs: { parseRequest: json.parseRequestUs, stringifyAnswer: json.stringifyAnswerUs },
    requestBytes: json.requestBytes,
    answerBytes: json.answerBytes,
  };
}

function quantilesOf(values: readonly number[]): MicroQuantiles | null {
  if (values.length === 0) return null;
  const sorted = ascending(values);
  const at = (q: number): number => quantile(sorted, q);
  return {
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
  };
}

function middle(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

function outcomesOf({ name }: SubjectPlan, inProcess: InProcessEvidence | undefined): OutcomeCounts | null {
  const figures = (inProcess?.runs ?? []).flatMap(({ subjects }) =>
    subjects.filter(({ subject }) => subject.name === name),
  );
  if (figures.length === 0) return null;
  const errors = figures.reduce((sum, figure) => sum + figure.errors, 0);
  return {
    calls: figures.reduce((sum, figure) => sum + figure.calls, 0),
    errors,
    errorKinds: errors === 0 ? {} : { failed: errors },
    firstError: figures.find(({ firstError }) => firstError !== null)?.firstError ?? null,
  };
}

function tell(
  { onProgress, budgetMs }: InProcessRequest,
  title: string,
  done: number,
  subject: string | null = null,
  calls = 0,
): void {
  onProgress({ title, subject, calls, done, remainingMs: budgetMs * (1 - done) });
}
