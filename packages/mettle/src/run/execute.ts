import { cpus, loadavg } from 'node:os';
import { agentEnvironment } from '../agent/location.ts';
import { collectProcess, openAgentChannel } from '../collect/index.ts';
import type { AgentChannel } from '../collect/index.ts';
import { homeOf } from '../derive/index.ts';
import type { Home } from '../derive/index.ts';
import type { Bundle, TargetSpec } from '../evidence/index.ts';
import { prepareWorkingCopy } from '../load/index.ts';
import type { LoadContext, SubjectPlanning, WorkingCopy } from '../load/index.ts';
import { openProcessClock, openSession } from '../session/index.ts';
import type { Session } from '../session/index.ts';
import { deathOf } from './death.ts';
import { exerciseEvidence, noAgentReason, noteUnreached, renewalNotes, targetEvidence } from './facts.ts';
import { readListing } from './listing.ts';
import { leakOnOwnServer, runLeakStage } from './leak/run-leak-stage.ts';
import type { LeakStageContext } from './leak/run-leak-stage.ts';
import { CALL_TIMEOUT_MS, planCalls, setUp } from './plan-calls.ts';
import { plan } from './plan.ts';
import type { Stage, StageName } from './plan.ts';
import { RunProgress } from './progress.ts';
import type { ExaminationRequest } from './request.ts';
import { runRaceStage } from './race/race-stage.ts';
import { addStdout, bundleOf, keepLeak, keepRaceStage } from './gathering.ts';
import type { Gathering } from './gathering.ts';
import { stageReplay } from './replay-stage.ts';
import type { StagedReplay } from './replay-stage.ts';
import { SourceLibrary } from './source-library.ts';
import { fetchScripts, runStage } from './stages.ts';
import { TimeLeftOver } from './time-left-over.ts';

export interface Examined {
  readonly bundle: Bundle;
  /** The sentence for the user when the target could not be reached or died; null otherwise. */
  readonly targetFault: string | null;
}

/** The agent reports its first MCP message before that message is answered, so after the handshake it is only a socket away. */
const AGENT_PATIENCE_MS = 2000;
/** Between a process's last message and the news of its end. */
const LAST_BREATH_MS = 2000;

/**
 * Runs every stage against the target and returns what was found. A target that cannot be reached or that dies is
 * evidence, not an exception. Whatever was started is stopped. Throws UsageError for a target that cannot be meant.
 */
export async function examine(request: ExaminationRequest): Promise<Examined> {
  const startedAt = new Date();
  const gathering: Gathering = { request, evidence: {}, notes: [], absent: {} };
  const copy = request.workload?.state == null ? null : await prepareWorkingCopy(request.workload.state);
  const channel = isStartedByUs(request.spec) ? await openAgentChannel() : null;
  let targetFault: string | null;
  try {
    targetFault = await reachAndExamine(gathering, channel, copy);
  } finally {
    await channel?.close();
    await copy?.remove();
  }
  return { bundle: bundleOf(gathering, startedAt), targetFault };
}

async function reachAndExamine(
  gathering: Gathering,
  channel: AgentChannel | null,
  copy: WorkingCopy | null,
): Promise<string | null> {
  const { request, evidence } = gathering;
  let session: Session;
  try {
    const opened = await openSession(withEnvironment(request.spec, copy), {
      ...(channel === null
        ? {}
        : {
            extraEnv: agentEnvironment({
              socketPath: channel.socketPath,
              inheritedNodeOptions: request.spec.env['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'],
              exitWithMettle: true,
            }),
          }),
      ...(request.era === null ? {} : { era: request.era }),
      ...(request.workload === null ? {} : { replies: request.workload.replies }),
      signal: request.signal,
    });
    session = opened.session;
    evidence.reach = opened.reach;
  } catch (error) {
    if (request.signal.aborted) {
      gathering.notes.push('Interrupted before the server was reached: nothing was examined.');
      return null;
    }
    return noteUnreached(error, request, evidence);
  }
  let examined: SessionExamined;
  try {
    examined = await examineSession(gathering, channel, session, copy);
  } catch (error) {
    if (evidence.catalogue !== undefined) throw error;
    if (request.signal.aborted) {
      gathering.notes.push('Interrupted before the tools were listed: nothing was examined.');
      return null;
    }
    // Reached, but of no use: its tools cannot be listed.
    return noteUnreached(error, request, evidence);
  } finally {
    await session.close();
  }
  if (examined.fault !== null) return examined.fault;
  for (const examineApart of examined.afterwards) await examineApart();
  return null;
}

/** What came of a session, and what is to be done on servers of their own afterwards. */
interface SessionExamined {
  readonly fault: string | null;
  readonly afterwards: readonly (() => Promise<void>)[];
}

async function examineSession(
  gathering: Gathering,
  channel: AgentChannel | null,
  session: Session,
  copy: WorkingCopy | null,
): Promise<SessionExamined> {
  const { request, evidence, notes } = gathering;
  const agent = (await channel?.serving(AGENT_PATIENCE_MS)) ?? null;
  const noAgent = agent === null ? noAgentReason(channel) : null;
  evidence.target = targetEvidence({ request, session, agent, noAgent: noAgent ?? '' });
  const catalogue = await readListing(session, gathering);
  const { planning, directory } = await planCalls(request, catalogue, copy);
  const { spec } = request;
  const replay = stageReplay(request, planning, { directory, spec: withEnvironment(spec, copy), session });
  const clock = openProcessClock(agent?.pid ?? session.process?.pid ?? null);
  const stages = plan({
    examination: request.examination,
    budgetMs: request.budgetMs,
    loadPerCore: (loadavg()[0] ?? 0) / Math.max(1, cpus().length),
    noAgent,
    targetArguments: request.targetArguments,
    ...(replay === null
      ? {}
      : { replay: { timedMs: replay.timed.durationMs, profiledMs: replay.profiled.durationMs } }),
  });
  gathering.absent = stages.absent;
  const readings = collectProcess.start(clock);
  const progress = new RunProgress(stages.stages, request.onProgress);
  const context: LoadContext = {
    session,
    clock,
    signal: request.signal,
    callTimeoutMs: CALL_TIMEOUT_MS,
    onProgress: (now) => progress.within(now),
  };
  await setUp(gathering, session, directory);
  const home = homeOf({ cwd: spec.cwd, command: spec.kind === 'module' ? null : spec.command });
  const library = new SourceLibrary(home);
  // What spoils the server comes last, on one of its own, unless nothing else is looked for.
  const apart = stages.stages.filter(({ name }) => stages.stages.length > 1 && SPOILING.includes(name));
  const here = stages.stages.filter((stage) => !apart.includes(stage));
  const time = new TimeLeftOver();
  const leakContext = leakContextOf(request, { planning, home, progress });
  const setting = { context, planning, agent, progress, home, library, leakContext, time, replay };
  const fault = await runStages(gathering, here, setting);
  evidence.process = readings.stop();
  clock.close();
  evidence.exercise = exerciseEvidence(planning.plans, evidence);
  evidence.target = targetEvidence({ request, session, agent, noAgent: noAgent ?? '' });
  await addStdout(gathering, session, channel, { home, library, fetch: fetchScripts(agent) });
  notes.push(...library.notes(), ...renewalNotes(session));
  if (fault !== null) notes.push(fault);
  const again = {
    spec: withEnvironment(spec, copy),
    era: session.era,
    setUp: (other: Session) => setUp(gathering, other, directory),
  };
  return { fault, afterwards: onOwnServers(gathering, apart, { progress, time, leakContext, again }) };
}

/** Stages after which a server is of no use: one patches its live objects, one runs it by another clock. */
const SPOILING: readonly StageName[] = ['leak', 'race'];

/** Each such stage on a server of its own, with what time is left over when it begins. */
function onOwnServers(
  gathering: Gathering,
  stages: readonly Stage[],
  {
    progress,
    time,
    leakContext,
    again,
  }: {
    readonly progress: RunProgress;
    readonly time: TimeLeftOver;
    readonly leakContext: (stage: Stage) => LeakStageContext;
    readonly again: Parameters<typeof leakOnOwnServer>[1];
  },
): readonly (() => Promise<void>)[] {
  const examined = async (stage: Stage): Promise<void> => {
    if (stage.name === 'leak') keepLeak(gathering, await leakOnOwnServer(leakContext(stage), again));
    else
      keepRaceStage(gathering, await runRaceStage(gathering.request, stage, (now) => progress.within(now)));
  };
  return stages.map((stage) => () => {
    progress.begin(stage.name);
    return time.during(stage, () => examined(time.addedTo(stage)));
  });
}

function leakContextOf(
  request: ExaminationRequest,
  {
    planning,
    home,
    progress,
  }: { readonly planning: SubjectPlanning; readonly home: Home; readonly progress: RunProgress },
): (stage: Stage) => LeakStageContext {
  return (stage) => ({
    request,
    stage,
    sources: planning.sources,
    home,
    callTimeoutMs: CALL_TIMEOUT_MS,
    onProgress: (now) => progress.within(now),
  });
}

async function runStages(
  gathering: Gathering,
  stages: readonly Stage[],
  with_: {
    readonly context: LoadContext;
    readonly planning: SubjectPlanning;
    readonly agent: Awaited<ReturnType<AgentChannel['serving']>>;
    readonly progress: RunProgress;
    readonly home: Home;
    readonly library: SourceLibrary;
    readonly leakContext: (stage: Stage) => LeakStageContext;
    readonly time: TimeLeftOver;
    readonly replay: StagedReplay | null;
  },
): Promise<string | null> {
  const { request, evidence, notes } = gathering;
  const { context, planning, agent, progress, home, library, time } = with_;
  for (const [i, stage] of stages.entries()) {
    const cutShort = (why: string): void => {
      const missing = stages
        .slice(i)
        .flatMap((left) => left.produces.filter((key) => evidence[key] === undefined));
      gathering.absent = { ...gathering.absent, ...Object.fromEntries(missing.map((key) => [key, why])) };
    };
    if (request.signal.aborted) {
      notes.push(`Interrupted before ${stage.title}: what follows it was not examined.`);
      cutShort('the run was interrupted before this was examined');
      return null;
    }
    progress.begin(stage.name);
    try {
      if (stage.name === 'leak' && agent !== null) {
        const outcome = await runLeakStage(with_.leakContext(stage), context.session, agent);
        keepLeak(gathering, outcome);
        // What its end after that tells is what was done to it.
        if (outcome.evidence !== null || !outcome.died) continue;
      } else
        await time.during(stage, () =>
          runStage(stage, {
            context,
            sources: planning.sources,
            agent,
            seed: request.seed,
            home,
            library,
            evidence,
            notes,
            replay: with_.replay,
          }),
        );
    } catch (error) {
      // An agent that vanished with its process is that process's fault; anything else is ours.
      if ((await deathOf(context.session, stage.title, LAST_BREATH_MS)) === null) throw error;
    }
    const died = await deathOf(context.session, stage.title, 0);
    if (died !== null) {
      cutShort('the server died before this was examined');
      return died;
    }
  }
  return null;
}

function isStartedByUs(spec: TargetSpec): boolean {
  return spec.kind !== 'http' || spec.command !== null;
}

function withEnvironment(spec: TargetSpec, copy: WorkingCopy | null): TargetSpec {
  return copy === null ? spec : { ...spec, env: { ...spec.env, ...copy.env } };
}
