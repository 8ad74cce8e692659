import type { CatalogueEvidence } from '../evidence/index.ts';
import { findReadable, isSuccess, planSubjects, setupRequests } from '../load/index.ts';
import type { SubjectPlanning, WorkingCopy } from '../load/index.ts';
import type { Session } from '../session/index.ts';
import type { Gathering } from './gathering.ts';
import type { ExaminationRequest } from './request.ts';

/** A call that takes longer is not a call of an interactive tool; it is counted as an error. */
export const CALL_TIMEOUT_MS = 30_000;

/** What may be called, and with what. */
export async function planCalls(
  request: ExaminationRequest,
  catalogue: CatalogueEvidence,
  copy: WorkingCopy | null,
): Promise<{ readonly planning: SubjectPlanning; readonly directory: string }> {
  const readable = await findReadable({
    workingCopy: copy?.dir ?? null,
    command: request.spec.kind === 'module' ? null : request.spec.command,
    cwd: request.spec.cwd,
  });
  const planning = planSubjects(catalogue, {
    tools: request.tools,
    workload: request.workload,
    allowWrites: request.allowWrites,
    seed: request.seed,
    ...readable,
  });
  return { planning, directory: readable.directory };
}

/** Calls of the workload that prepare the state; one that fails is noted, since later failures may come from it. */
export async function setUp(
  { request, notes }: Gathering,
  session: Session,
  directory: string,
): Promise<void> {
  const requests = setupRequests(request.workload?.setup ?? [], { directory, seed: request.seed });
  for (const { method, params } of requests) {
    const reply = await session.request(method, params, {
      timeoutMs: CALL_TIMEOUT_MS,
      signal: request.signal,
    });
    if (!isSuccess(reply))
      notes.push(
        `The workload's setup call of ${String(params['name'])} failed; calls that rely on it may fail too.`,
      );
  }
}
