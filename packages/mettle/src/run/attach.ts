import type { BlockingRecord, ScriptsAnswer } from '../agent/protocol.ts';
import { ALWAYS_ON_OPTIONS, BLOCKING_OPTIONS, collectProcess, openAgentChannel } from '../collect/index.ts';
import type { AgentChannel } from '../collect/index.ts';
import { homeOf } from '../derive/index.ts';
import type { Bundle, EvidenceKey, EvidenceMap } from '../evidence/index.ts';
import {
  isAlive,
  lookAtProcess,
  monotonicMs,
  openProcessClock,
  refusal,
  settlesWithin,
} from '../session/index.ts';
import type { ProcessClock, RunningProcess } from '../session/index.ts';
import { attachedTarget, joinLateRecord, watchedCalls, watchedSentence } from './attached-evidence.ts';
import type { LateRecord } from './attached-evidence.ts';
import {
  callOf,
  enter,
  handOver,
  lateEntry,
  throughInspector,
  TICK_MS,
  untilDone,
} from './attached-process.ts';
import type { Examined } from './execute.ts';
import { plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { SourceLibrary } from './source-library.ts';
import { traceAttached, tracingMs } from './trace-attached.ts';
import { fetchScripts } from './stages.ts';

/** What `mettle attach` is told. */
export interface AttachRequest {
  readonly pid: number;
  readonly durationMs: number;
  /** The form that may stay on for hours; default false. */
  readonly alwaysOn?: boolean;
  /** The whole command as typed, redacted; kept in the bundle. */
  readonly command: string;
  /** Version of Mettle. */
  readonly mettle: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** An event loop that computes for so long without answering is held: longer than `heldLoop` asks for. */
const HANG_CPU_MS = 1200;
const TURN_MS = 2000;
/** One that does not even compute waits in native code, or has lost us. */
const STANDSTILL_MS = 10_000;
/** A record of some minutes is written and read in seconds, also on a starved host. */
const RECORD_MS = 30_000;

/**
 * Watches a server that is already running, as its clients use it, and leaves it as it was. Rejects with TargetError
 * when the process cannot be attached to; one that ends meanwhile is a fault of the target, not an exception.
 */
export async function attachAndWatch(request: AttachRequest): Promise<Examined> {
  const startedAt = new Date();
  const target = lookAtProcess(request.pid);
  const channel = await openAgentChannel();
  try {
    await handOver(target, channel.socketPath);
    return await watch(request, { target, channel, startedAt });
  } finally {
    await channel.close();
  }
}

interface Watch {
  readonly target: RunningProcess;
  readonly channel: AgentChannel;
  readonly startedAt: Date;
}

async function watch(request: AttachRequest, { target, channel, startedAt }: Watch): Promise<Examined> {
  const notes: string[] = [];
  const options = request.alwaysOn === true ? ALWAYS_ON_OPTIONS : BLOCKING_OPTIONS;
  const call = callOf('attachLate', channel, options);
  const facts = await throughInspector(target, notes, (inspector) => enter(inspector, { target, call }));
  const clock = openProcessClock(target.pid);
  const readings = collectProcess.start(clock);
  await untilDone({ ...request, durationMs: request.durationMs - tracingMs(request) });
  const described = attachedTarget(
    target.pid,
    facts,
    'blocking',
    ...(tracingMs(request) > 0 ? (['waiting'] as const) : []),
  );
  const home = homeOf(described);
  const library = new SourceLibrary(home);
  const taken = isAlive(target.pid)
    ? await takeRecord({ target, channel, startedAt }, { clock, notes, library })
    : null;
  const held = taken === null || taken.stillHeld;
  const process = readings.stop();
  const waiting = held ? null : await traceAttached(channel, request);
  clock.close();
  const fault =
    taken === null
      ? `Process ${target.pid} ended while Mettle watched it; what it did until then is lost.`
      : null;
  const evidence: Partial<EvidenceMap> = {
    target: described,
    process,
    ...(waiting === null ? {} : { waiting }),
    ...(taken === null ? {} : await joinLateRecord(taken, home, library)),
  };
  if (evidence.blocking !== undefined) {
    evidence.exercise = watchedCalls(evidence.blocking);
    notes.unshift(watchedSentence(evidence.exercise, evidence.blocking.observedMs));
  }
  notes.push(...library.notes());
  if (fault !== null) notes.push(fault);
  return { bundle: bundleOf(request, startedAt, evidence, notes), targetFault: fault };
}

interface Taking {
  readonly clock: ProcessClock;
  readonly notes: string[];
  readonly library: SourceLibrary;
}

/** The record, from the agent; through the inspector when the loop does not turn. Null when the process has ended. */
async function takeRecord(
  { target, channel }: Watch,
  { clock, notes, library }: Taking,
): Promise<LateRecord | null> {
  const answer = askAgent(channel);
  if (!(await comesWhileTurning(answer, clock))) {
    const taken = await takeThroughInspector(target, notes, library);
    if (taken !== null) return { record: taken, stillHeld: true, fetch: null };
  }
  const record = (await settlesWithin(answer, RECORD_MS)) ? await answer : null;
  if (record !== null)
    return { record, stillHeld: false, fetch: fetchScripts(await channel.serving(RECORD_MS)) };
  if (!isAlive(target.pid)) return null;
  throw refusal(
    `Process ${target.pid} did not hand over what Mettle's agent recorded: its main thread stands in one long native call, and the agent stops by itself when that ends.`,
  );
}

async function askAgent(channel: AgentChannel): Promise<BlockingRecord | null> {
  try {
    const agent = await channel.serving(RECORD_MS);
    return agent === null ? null : await agent.stop('blocking');
  } catch {
    // The process ended, or the inspector took the record meanwhile.
    return null;
  }
}

/** False when the event loop does not turn. On a starved host that takes long to tell, so it is measured in CPU time where there is a clock. */
async function comesWhileTurning(answer: Promise<unknown>, clock: ProcessClock): Promise<boolean> {
  const askedMs = monotonicMs();
  const cpuBeforeMs = clock.mainThread()?.cpuMs;
  for (;;) {
    if (await settlesWithin(answer, TICK_MS)) return true;
    const cpuMs = clock.mainThread()?.cpuMs;
    const computedMs = cpuMs === undefined || cpuBeforeMs === undefined ? Infinity : cpuMs - cpuBeforeMs;
    const waitedMs = monotonicMs() - askedMs;
    if (waitedMs > STANDSTILL_MS || (waitedMs > TURN_MS && computedMs > HANG_CPU_MS)) return false;
  }
}

async function takeThroughInspector(
  target: RunningProcess,
  notes: string[],
  library: SourceLibrary,
): Promise<BlockingRecord | null> {
  try {
    return await throughInspector(target, notes, async (inspector) => {
      const ask = async (call: string): Promise<unknown> => {
        const text = await inspector.evaluate(`${lateEntry()}.${call}`);
        return typeof text === 'string' ? JSON.parse(text) : null;
      };
      const record = (await ask('takeRecord()')) as BlockingRecord | null;
      // While the inspector is open: the agent cannot be asked.
      if (record !== null)
        await library.learnProfile(
          record.profile,
          async (wanted) => (await ask(`scriptTexts(${JSON.stringify(wanted)})`)) as ScriptsAnswer,
        );
      return record;
    });
  } catch {
    // One long native call: the agent answers when it ends, or not at all.
    return null;
  }
}

function bundleOf(
  request: AttachRequest,
  startedAt: Date,
  evidence: Partial<EvidenceMap>,
  notes: readonly string[],
): Bundle {
  const { absent } = plan({ examination: 'attach', budgetMs: request.durationMs, noAgent: null });
  const missing = (Object.keys(absent) as EvidenceKey[]).filter((key) => evidence[key] === undefined);
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: request.mettle,
      node: process.version,
      examination: 'attach',
      command: request.command,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      present: Object.keys(evidence) as EvidenceKey[],
      absent: Object.fromEntries(missing.map((key) => [key, absent[key] ?? ''])),
      notes,
    },
    evidence,
  };
}
