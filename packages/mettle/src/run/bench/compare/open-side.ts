import type { Era, SubjectPlan, TargetSpec } from '../../../evidence/index.ts';
import {
  findReadable,
  planSubjects,
  prepareWorkingCopy,
  setupRequests,
  warmUp,
  type PairedSide,
  type Workload,
} from '../../../load/index.ts';
import {
  openProcessClock,
  openSession,
  readCatalogue,
  readTree,
  servingProcess,
  type Session,
} from '../../../session/index.ts';

/** What is called, and how the server is opened; the same for both sides. */
export interface SideOptions {
  readonly tools: readonly string[];
  readonly workload: Workload | null;
  readonly allowWrites: boolean;
  readonly seed: number;
  readonly era: Era | null;
  readonly extraEnv?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A fresh, warm process of one version. */
export interface OpenSide extends PairedSide {
  readonly session: Session;
  readonly plans: readonly SubjectPlan[];
  /** Of all its processes; null where it cannot be read. */
  rssBytes(): number | null;
  close(): Promise<void>;
}

/** A call that takes longer is not a call of an interactive tool; it is counted as an error. */
const CALL_TIMEOUT_MS = 30_000;

/** Starts a version, plans its calls, prepares its state and warms it up. Nothing is left running when it throws. */
export async function openSide(spec: TargetSpec, options: SideOptions, warmUpMs: number): Promise<OpenSide> {
  const { workload, signal } = options;
  const copy = workload?.state == null ? null : await prepareWorkingCopy(workload.state);
  let session: Session | null = null;
  try {
    const withCopy = copy === null ? spec : { ...spec, env: { ...spec.env, ...copy.env } };
    ({ session } = await openSession(withCopy, {
      ...(options.extraEnv === undefined ? {} : { extraEnv: options.extraEnv }),
      ...(options.era === null ? {} : { era: options.era }),
      ...(workload === null ? {} : { replies: workload.replies }),
      signal,
    }));
    const { catalogue } = await readCatalogue(session);
    const readable = await findReadable({
      workingCopy: copy?.dir ?? null,
      command: spec.kind === 'module' ? null : spec.command,
      cwd: spec.cwd,
    });
    const planning = planSubjects(catalogue, { ...options, ...readable });
    for (const { method, params } of setupRequests(workload?.setup ?? [], {
      directory: readable.directory,
      seed: options.seed,
    }))
      await session.request(method, params, { timeoutMs: CALL_TIMEOUT_MS, signal });
    const pid = session.process?.pid ?? null;
    const cold = pid === null ? new Map<number, number>() : readTree(pid);
    const context = { session, signal, callTimeoutMs: CALL_TIMEOUT_MS, onProgress: () => {} };
    // Calls that reach somebody else's service are nothing to load, nor is their time the server's.
    const sources = planning.sources.filter((source) => source.gentle !== true);
    await warmUp({ context: { ...context, clock: openProcessClock(null) }, sources }, warmUpMs);
    const clock = openProcessClock(pid === null ? null : servingProcess(pid, cold));
    const tree = openProcessClock(pid);
    const open = session;
    return {
      session,
      plans: planning.plans,
      sources,
      context: { ...context, clock },
      rssBytes: () => tree.processTree()?.rssBytes ?? null,
      async close() {
        clock.close();
        tree.close();
        await open.close();
        await copy?.remove();
      },
    };
  } catch (error) {
    await session?.close();
    await copy?.remove();
    throw error;
  }
}
