import { agentEnvironment } from '../../agent/location.ts';
import { openAgentChannel } from '../../collect/index.ts';
import type { ServingAgent } from '../../collect/index.ts';
import type { Home } from '../../derive/index.ts';
import type { Era, HeapGrowthEvidence, TargetSpec } from '../../evidence/index.ts';
import type { CallSource, LoadContext } from '../../load/index.ts';
import { openSession, TargetError } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import type { Stage } from '../plan.ts';
import type { ExaminationRequest } from '../request.ts';
import { SourceLibrary } from '../source-library.ts';
import { fetchScripts } from '../stages.ts';
import { leakStage } from './leak-stage.ts';
import { NotExamined } from './snapshot-guard.ts';

/** What the stage brought back: the evidence, or why there is none. */
export type LeakOutcome =
  | { readonly evidence: HeapGrowthEvidence; readonly notes: readonly string[] }
  | { readonly evidence: null; readonly why: string; readonly died: boolean };

export interface LeakStageContext {
  readonly request: ExaminationRequest;
  readonly stage: Stage;
  readonly sources: readonly CallSource[];
  readonly home: Home;
  readonly callTimeoutMs: number;
  readonly onProgress: LoadContext['onProgress'];
}

/** How long the agent may take to report, once the server has answered. */
const AGENT_PATIENCE_MS = 2000;

/** Examines the server of this session, which is of no use afterwards. */
export async function runLeakStage(
  { request, stage, sources, home, callTimeoutMs, onProgress }: LeakStageContext,
  session: Session,
  agent: ServingAgent,
): Promise<LeakOutcome> {
  const library = new SourceLibrary(home);
  try {
    const evidence = await leakStage({
      session,
      agent,
      spec: request.spec,
      sources,
      workload: request.workload,
      seed: request.seed,
      signal: request.signal,
      callTimeoutMs,
      budgetMs: stage.budgetMs,
      onTopMs: stage.onTopMs,
      lookLonger: lookLonger(request, stage),
      home,
      library,
      fetch: fetchScripts(agent),
      onProgress,
    });
    return { evidence, notes: library.notes() };
  } catch (error) {
    if (request.signal.aborted)
      return { evidence: null, why: 'the run was interrupted before this was examined', died: false };
    if (error instanceof NotExamined) return { evidence: null, why: error.message, died: false };
    const exit = await exitOf(session);
    // An agent that vanished with its process is that process's fault; anything else is ours.
    if (exit === null) throw error;
    return { evidence: null, why: `the server died (${exit}) while its heap was examined`, died: true };
  }
}

/** What is enough for an ordinary server on a busy machine; and where that was not, twice as much. */
const ENOUGH_SECONDS = 60;

/** Within `check` this is the last part of it, and short: the command that does nothing else. */
function lookLonger({ examination, targetArguments }: ExaminationRequest, { budgetMs }: Stage): string {
  if (examination === 'leak') return 'raise --budget';
  const enough = Math.max(ENOUGH_SECONDS, 2 * Math.ceil(budgetMs / 1000));
  return `raise --budget, or run npx mettle leak --budget ${enough} ${targetArguments}`;
}

/** Starts the server once more for this stage alone, and stops it afterwards. */
export async function leakOnOwnServer(
  context: LeakStageContext,
  options: {
    readonly spec: TargetSpec;
    readonly era: Era;
    readonly setUp: (session: Session) => Promise<void>;
  },
): Promise<LeakOutcome> {
  const { request } = context;
  const channel = await openAgentChannel();
  try {
    const { session } = await openSession(options.spec, {
      era: options.era,
      extraEnv: agentEnvironment({
        socketPath: channel.socketPath,
        inheritedNodeOptions: request.spec.env['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'],
        exitWithMettle: true,
      }),
      ...(request.workload === null ? {} : { replies: request.workload.replies }),
      signal: request.signal,
    });
    try {
      const agent = await channel.serving(AGENT_PATIENCE_MS);
      if (agent === null)
        return { evidence: null, why: 'the server did not load the agent the second time', died: false };
      await options.setUp(session);
      return await runLeakStage(context, session, agent);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (request.signal.aborted)
      return { evidence: null, why: 'the run was interrupted before this was examined', died: false };
    if (!(error instanceof TargetError)) throw error;
    return { evidence: null, why: `the server did not start a second time: ${error.message}`, died: false };
  } finally {
    await channel.close();
  }
}

/** Between a process's last message and the news of its end. */
const LAST_BREATH_MS = 2000;

async function exitOf({ process: started }: Session): Promise<string | null> {
  if (started === null) return null;
  if (started.exit === null)
    await Promise.race([started.exited, new Promise((resolve) => setTimeout(resolve, LAST_BREATH_MS))]);
  const { exit } = started;
  if (exit === null) return null;
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}
