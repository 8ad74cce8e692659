import type { MemoryWatchOptions, MemoryWatchRecord } from '../agent/protocol.ts';
import { collectProcess, openAgentChannel } from '../collect/index.ts';
import type { AgentChannel, ServingAgent } from '../collect/index.ts';
import { memoryRoom } from '../collect/memory-room.ts';
import { homeOf } from '../derive/index.ts';
import type { Bundle, EvidenceKey, EvidenceMap, MemoryWatchEvidence } from '../evidence/index.ts';
import { isAlive, lookAtProcess, openProcessClock, refusal, settlesWithin } from '../session/index.ts';
import type { RunningProcess } from '../session/index.ts';
import { attachedTarget, watchedCalls, watchedSentence } from './attached-evidence.ts';
import type { ProcessFacts } from './attached-evidence.ts';
import { weigh } from './attached-costs.ts';
import type { Asked, Costs } from './attached-costs.ts';
import { callOf, enter, handOver, throughInspector, untilDone } from './attached-process.ts';
import { openSnapshotPair } from './attached-snapshots.ts';
import type { SnapshotPair } from './attached-snapshots.ts';
import type { AttachRequest } from './attach.ts';
import type { Examined } from './execute.ts';
import { SourceLibrary } from './source-library.ts';
import { fetchScripts } from './stages.ts';

/** What `mettle attach --memory` is told. */
export interface MemoryAttachRequest extends Omit<AttachRequest, 'alwaysOn'>, Asked {
  /** Tells what is going to happen to the server, before it does. */
  readonly onWarning: (sentence: string) => void;
}

/** A trend wants some readings, a server in use few interruptions. */
const FORCED_COLLECTIONS = 16;
const POLLS = 600;
const FASTEST_POLL_MS = 250;
/** A snapshot of a gigabyte takes minutes; so long its agent may be silent. */
const PATIENCE_MS = 600_000;
const ARRIVAL_MS = 30_000;

interface Attached {
  readonly request: MemoryAttachRequest;
  readonly target: RunningProcess;
  readonly channel: AgentChannel;
  readonly costs: Costs;
  readonly facts: ProcessFacts;
  readonly notes: string[];
}

/**
 * Watches the memory of a server that is already running, as its clients use it, and leaves it as it was. Rejects with
 * TargetError when the process cannot be attached to, UsageError when it would cost more than was agreed to.
 */
export async function attachToMemory(request: MemoryAttachRequest): Promise<Examined> {
  const startedAt = new Date();
  const target = lookAtProcess(request.pid);
  const channel = await openAgentChannel();
  try {
    const attached = await comeIn(request, target, channel);
    const { evidence, fault } = await watchMemory(attached);
    const notes = [...attached.notes, ...(fault === null ? [] : [fault])];
    return { bundle: bundleOf(request, startedAt, evidence, notes), targetFault: fault };
  } finally {
    await channel.close();
  }
}

async function comeIn(
  request: MemoryAttachRequest,
  target: RunningProcess,
  channel: AgentChannel,
): Promise<Attached> {
  await handOver(target, channel.socketPath);
  const notes: string[] = [];
  const { costs, facts } = await throughInspector(target, notes, async (inspector) => {
    const weighed = await weigh(inspector, target.pid, request);
    if (weighed.warning !== null) request.onWarning(weighed.warning);
    // With snapshots the watch begins after the first.
    const options = request.snapshot ? null : watchOptions(request, weighed);
    const call = callOf('attachForMemory', channel, options);
    return { costs: weighed, facts: await enter(inspector, { target, call }) };
  });
  return { request, target, channel, costs, facts, notes };
}

function watchOptions(
  { durationMs, collect, snapshot }: MemoryAttachRequest,
  { profile }: Costs,
): MemoryWatchOptions {
  return {
    durationMs,
    pollEveryMs: Math.max(FASTEST_POLL_MS, durationMs / POLLS),
    collectEveryMs: collect ? durationMs / FORCED_COLLECTIONS : null,
    profile,
    keepIds: snapshot,
  };
}

interface Watched {
  readonly evidence: Partial<EvidenceMap>;
  readonly fault: string | null;
}

async function watchMemory(attached: Attached): Promise<Watched> {
  const { request, target, channel, facts, costs } = attached;
  const described = attachedTarget(target.pid, facts, 'memory');
  const clock = openProcessClock(target.pid);
  const readings = collectProcess.start(clock);
  const agent = await channel.serving(ARRIVAL_MS);
  if (agent === null) throw notAnswering(target.pid);
  const { signal } = request;
  const pair = request.snapshot
    ? await openSnapshotPair(agent, { target, cwd: facts.cwd, heapUsedBytes: costs.heapUsedBytes, signal })
    : null;
  try {
    return await betweenSnapshots(attached, agent, pair, () => ({
      target: described,
      process: readings.stop(),
    }));
  } finally {
    clock.close();
    await pair?.close();
  }
}

async function betweenSnapshots(
  { request, target, costs, notes }: Attached,
  agent: ServingAgent,
  pair: SnapshotPair | null,
  besides: () => Pick<EvidenceMap, 'target' | 'process'>,
): Promise<Watched> {
  try {
    if (pair !== null) {
      await pair.takeFirst();
      await agent.start('memory', watchOptions(request, costs));
    }
    await untilDone(request);
    const record = await settled(agent.stop('memory'), target.pid);
    const heapComparison = pair === null || request.signal.aborted ? null : await pair.takeSecond();
    const known = besides();
    const library = new SourceLibrary(homeOf(known.target));
    const watch = watchEvidence(record, { request, costs, pair });
    await library.learnStacks(watch, fetchScripts(agent));
    const exercise = watchedCalls({ subjects: record.calls });
    notes.unshift(watchedSentence(exercise, record.observedMs));
    notes.push(...watch.notCovered, ...(heapComparison?.unknown ?? []), ...library.notes());
    return {
      evidence: {
        ...known,
        exercise,
        memoryWatch: library.placeStacks(watch),
        ...(heapComparison === null ? {} : { heapComparison }),
      },
      fault: null,
    };
  } catch (error) {
    if (isAlive(target.pid)) throw error;
    const fault = `Process ${target.pid} ended while Mettle watched it; what it did until then is lost.`;
    return { evidence: besides(), fault };
  }
}

/** An answer in good time; a refusal when the server's loop stands still. */
async function settled<T>(answer: Promise<T>, pid: number): Promise<T> {
  if (await settlesWithin(answer, PATIENCE_MS)) return answer;
  throw notAnswering(pid);
}

function notAnswering(pid: number): Error {
  return refusal(
    `Process ${pid} does not answer: its event loop is held. What holds it tells "mettle attach ${pid}" without --memory.`,
  );
}

function watchEvidence(
  record: MemoryWatchRecord,
  {
    request: { pid, collect, snapshot },
    costs,
    pair,
  }: {
    readonly request: MemoryAttachRequest;
    readonly costs: Costs;
    readonly pair: SnapshotPair | null;
  },
): MemoryWatchEvidence {
  const { observedMs, calls, readings, sampling, collectionsMs, heapLimitBytes } = record;
  return {
    observedMs,
    calls,
    readings,
    forced: collect,
    sampling,
    limits: { heapBytes: heapLimitBytes, memoryBytes: memoryRoom(pid).limitBytes },
    pauses: [
      ...(pair?.pauses ?? []),
      ...collectionsMs.map((ms) => ({ what: 'collection' as const, ms })),
      ...(sampling === null ? [] : [{ what: 'profile' as const, ms: sampling.pauseMs }]),
    ],
    notCovered: [
      ...costs.notCovered,
      ...(snapshot ? [] : ['What holds the objects that stay: --snapshot compares two heap snapshots.']),
      'Whose calls make it grow, and whether it ever ends: `mettle leak -- COMMAND` calls each tool until that is known.',
    ],
  };
}

function bundleOf(
  request: MemoryAttachRequest,
  startedAt: Date,
  evidence: Partial<EvidenceMap>,
  notes: readonly string[],
): Bundle {
  const why = 'the server was only watched, not called: that is mettle leak -- COMMAND';
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: request.mettle,
      node: process.version,
      examination: 'attach --memory',
      command: request.command,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      present: Object.keys(evidence) as EvidenceKey[],
      absent: {
        heapGrowth: why,
        ...(evidence.memoryWatch === undefined ? { memoryWatch: 'the watch did not come to its end' } : {}),
        ...(evidence.heapComparison === undefined
          ? { heapComparison: 'no snapshots were taken (--snapshot)' }
          : {}),
      },
      notes,
    },
    evidence,
  };
}
