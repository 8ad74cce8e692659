import { openAgentChannel, collectProcess } from '../../collect/index.ts';
import type { AgentChannel, ServingAgent } from '../../collect/index.ts';
import type { BenchEvidence, CallOutcomes, EvidenceMap, TargetSpec } from '../../evidence/index.ts';
import {
  createMix,
  findReadable,
  isSuccess,
  measureBlock,
  openDriver,
  planSubjects,
  prepareWorkingCopy,
  setupRequests,
} from '../../load/index.ts';
import type { BlockOptions, Driver, SubjectPlanning } from '../../load/index.ts';
import { monotonicMs, openProcessClock, openSession } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import type { Examined } from '../execute.ts';
import { noAgentReason, noteUnreached, renewalNotes, stdoutEvidence, targetEvidence } from '../facts.ts';
import { readListing } from '../listing.ts';
import { attackWithArguments } from './adversarial.ts';
import { benchBundle } from './bundle.ts';
import { findCapacity } from './capacity.ts';
import { openClients } from './clients.ts';
import type { Clients } from './clients.ts';
import { watchInside } from './inside.ts';
import { placeApart } from './placement.ts';
import { BenchClock } from './progress.ts';
import type { BenchRequest, Mutable } from './request.ts';
import { benchedSubjects, samplesOf } from './subjects.ts';
import { deathOf } from './death.ts';
import { replayRecording } from './replay.ts';
import { lookAtSubjects, warmUp } from './warm-up.ts';
import type { FirstLook } from './warm-up.ts';

/** As in `examine`: the agent is only a socket away once the handshake is done. */
const AGENT_PATIENCE_MS = 2000;
/** Of the measured time, at most, to warm up. */
const WARM_UP_SHARE = 0.3;
const LEAST_WARM_UP_MS = 3000;

interface Gathering {
  readonly request: BenchRequest;
  readonly evidence: Partial<EvidenceMap>;
  readonly notes: string[];
  readonly progress: BenchClock;
  /** What became of the first calls, by subject. */
  readonly alone: Map<string, CallOutcomes>;
  /** Starts the server again after its death; null when it is not ours. */
  readonly reopen: (() => Promise<Session>) | null;
}

/**
 * Benchmarks one server end to end. A target that cannot be reached or that dies is evidence, not an exception; what
 * was measured until an interruption is kept. Whatever was started is stopped.
 */
export async function benchmark(request: BenchRequest): Promise<Examined> {
  const startedAt = new Date();
  const copy = request.workload?.state == null ? null : await prepareWorkingCopy(request.workload.state);
  const ours = request.spec.kind !== 'http' || request.spec.command !== null;
  const channel = ours && request.settings.agent ? await openAgentChannel() : null;
  const spec: TargetSpec =
    copy === null ? request.spec : { ...request.spec, env: { ...request.spec.env, ...copy.env } };
  const gathering: Gathering = {
    request,
    evidence: {},
    notes: [],
    progress: new BenchClock(request),
    alone: new Map(),
    reopen: ours ? async () => (await openSession(spec, { signal: request.signal })).session : null,
  };
  try {
    const targetFault = await reachAndDrive(gathering, spec, channel, copy?.dir ?? null);
    return { bundle: benchBundle(request, startedAt, gathering.evidence, gathering.notes), targetFault };
  } finally {
    await channel?.close();
    await copy?.remove();
  }
}

async function reachAndDrive(
  gathering: Gathering,
  spec: TargetSpec,
  channel: AgentChannel | null,
  workingCopy: string | null,
): Promise<string | null> {
  const { request, evidence, notes, progress } = gathering;
  progress.begin('reaching the server');
  let clients: Clients;
  try {
    clients = await openClients(request, spec, channel);
  } catch (error) {
    if (request.signal.aborted) {
      notes.push('Interrupted before the server was reached: nothing was measured.');
      return null;
    }
    return noteUnreached(error, request, evidence);
  }
  evidence.reach = clients.reach;
  try {
    return await drive(gathering, clients, channel, workingCopy);
  } catch (error) {
    if (evidence.catalogue !== undefined) throw error;
    if (request.signal.aborted) {
      notes.push('Interrupted before the tools were listed: nothing was measured.');
      return null;
    }
    return noteUnreached(error, request, evidence);
  } finally {
    await clients.close();
  }
}

async function drive(
  gathering: Gathering,
  clients: Clients,
  channel: AgentChannel | null,
  workingCopy: string | null,
): Promise<string | null> {
  const { request, evidence, notes } = gathering;
  const [session] = clients.sessions;
  const agent = (await channel?.serving(AGENT_PATIENCE_MS)) ?? null;
  evidence.target = targetEvidence({ request, session, agent, noAgent: noAgentReason(channel) });
  const catalogue = await readListing(session, gathering);
  const command = request.spec.kind === 'module' ? null : request.spec.command;
  const readable = await findReadable({ workingCopy, command, cwd: request.spec.cwd });
  const planning = planSubjects(catalogue, { ...request, ...readable });
  await setUp(gathering, session, readable.directory);
  const pids = clients.sessions.flatMap(({ process }) => (process === null ? [] : [process.pid]));
  const clocks = processIds(agent, clients.sessions).map((pid) => openProcessClock(pid));
  const placed = placeApart(pids, request.settings.pin);
  const driver = openDriver(clients.sessions, {
    clocks,
    inside: agent === null ? null : watchInside(agent),
  });
  const readings = clocks[0] === undefined ? null : collectProcess.start(clocks[0]);
  const bench = nothingMeasured(placed.placement);
  try {
    if (request.settings.replay === null) await measure(gathering, driver, planning, bench);
    else
      await replayRecording(driver, bench, {
        request,
        replay: request.settings.replay,
        planning,
        directory: readable.directory,
        another: () => clients.another(),
        progress: gathering.progress,
        notes,
      });
  } finally {
    if (readings !== null) evidence.process = readings.stop();
    driver.close();
    placed.release();
    for (const clock of clocks) clock.close();
  }
  evidence.bench = bench;
  if (request.thresholds.length > 0) evidence.thresholds = { thresholds: request.thresholds };
  evidence.exercise = benchedSubjects(planning.plans, bench, gathering.alone);
  evidence.target = targetEvidence({
    request,
    session,
    agent,
    noAgent: agent !== null ? '' : request.settings.agent ? noAgentReason(channel) : 'left out (--no-agent)',
  });
  const stdout = stdoutEvidence(session, channel);
  if (stdout !== null) evidence.stdout = stdout;
  notes.push(...renewalNotes(session));
  const died = await deathOf(clients.sessions, bench);
  if (died !== null) notes.push(died);
  return died;
}

function nothingMeasured(placement: BenchEvidence['placement']): Mutable<BenchEvidence> {
  return {
    placement,
    weights: {},
    leftOut: [],
    warmUp: null,
    blocks: [],
    capacity: null,
    adversarial: null,
    samples: [],
  };
}

async function measure(
  gathering: Gathering,
  driver: Driver,
  planning: SubjectPlanning,
  bench: Mutable<BenchEvidence>,
): Promise<void> {
  const { request, notes, progress, evidence } = gathering;
  const { settings, signal, seed } = request;
  const session = driver.clients[0]?.session as Session;
  progress.begin('calling each subject alone');
  const look = await lookAtSubjects(session, planning.sources, planning.plans, {
    callTimeoutMs: settings.callTimeoutMs,
    signal,
    onSubject: (name, i) => progress.within(i / planning.sources.length, name),
  });
  for (const [name, outcomes] of look.outcomes) gathering.alone.set(name, outcomes);
  bench.leftOut = look.leftOut;
  bench.samples = samplesOf(look.sources);
  if (settings.arguments === 'adversarial') {
    progress.begin('calling with hostile arguments');
    bench.adversarial = await attackWithArguments({
      tools: evidence.catalogue?.tools ?? [],
      called: new Set(planning.sources.flatMap(({ subject, gentle }) => (gentle ? [] : [subject.name]))),
      session,
      reopen: gathering.reopen,
      callTimeoutMs: settings.callTimeoutMs,
      seed,
      untilMs: monotonicMs() + request.budgetMs,
      signal,
      onCase: (share, tool) => progress.within(share, tool),
    });
    return;
  }
  if (look.sources.length === 0 || signal.aborted) {
    if (!signal.aborted)
      notes.push('Nothing was driven: no call of the server’s was answered, or none may be made unasked.');
    return;
  }
  await driveLoad(gathering, driver, look, bench);
  if (signal.aborted) notes.push('Interrupted: the figures are of what was measured until then.');
}

async function driveLoad(
  gathering: Gathering,
  driver: Driver,
  look: FirstLook,
  bench: Mutable<BenchEvidence>,
): Promise<void> {
  const { request, progress } = gathering;
  const { settings, signal, seed } = request;
  const block: Omit<BlockOptions, 'durationMs' | 'calls'> = {
    shape: settings.shape,
    callTimeoutMs: settings.callTimeoutMs,
    seed,
    signal,
    onProgress: (live) => progress.live(live),
  };
  progress.begin('warming up');
  const { connections } = settings.shape;
  bench.warmUp = await warmUp(driver, look.sources, {
    // Whatever the shape, code gets hot by calls.
    block:
      settings.shape.kind === 'closed' && settings.shape.thinkTimeMs === 0
        ? block
        : { ...block, shape: { kind: 'closed', connections, inFlight: 1, thinkTimeMs: 0 } },
    typicalMs: look.typicalMs,
    untilMs:
      monotonicMs() + (settings.warmUpMs ?? Math.max(LEAST_WARM_UP_MS, settings.durationMs * WARM_UP_SHARE)),
    whole: settings.warmUpMs !== null,
  });
  const mix = createMix(look.sources, { seed, typicalMs: look.typicalMs });
  bench.weights = Object.fromEntries(mix.subjects.map(({ name }, i) => [name, mix.shares[i] as number]));
  if (signal.aborted) return;
  progress.begin('measuring');
  bench.blocks = [await measureBlock(driver, mix, { ...block, durationMs: settings.durationMs })];
  if (settings.p99BudgetMs === null || signal.aborted) return;
  progress.begin('looking for the knee');
  bench.capacity = await findCapacity(driver, mix, {
    p99BudgetMs: settings.p99BudgetMs,
    thinkTimeMs: settings.thinkTimeMs,
    connections,
    untilMs: monotonicMs() + settings.capacityMs,
    block,
    onStep: (perSecond, step) => progress.within(step / 12, `${perSecond.toFixed(0)} calls/s`),
  });
}

/** Calls of the workload that prepare the state; one that fails is noted, since later failures may come from it. */
async function setUp({ request, notes }: Gathering, session: Session, directory: string): Promise<void> {
  const { settings, signal, seed } = request;
  for (const { method, params } of setupRequests(request.workload?.setup ?? [], { directory, seed })) {
    const reply = await session.request(method, params, { timeoutMs: settings.callTimeoutMs, signal });
    if (!isSuccess(reply))
      notes.push(
        `The workload's setup call of ${String(params['name'])} failed; calls that rely on it may fail too.`,
      );
  }
}

/** The processes whose clocks count: the agent knows which one behind npx and the like serves. */
function processIds(agent: ServingAgent | null, sessions: readonly Session[]): readonly number[] {
  const started = sessions.flatMap(({ process }) => (process === null ? [] : [process.pid]));
  const [, ...others] = started;
  return agent === null ? started : [agent.pid, ...others];
}
