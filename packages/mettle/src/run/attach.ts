import { chown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { agentLateEntryPath } from '../agent/location.ts';
import type { BlockingRecord, ScriptsAnswer } from '../agent/protocol.ts';
import { ANCHOR } from '../agent/sdk-rewrite.ts';
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
  withInspector,
} from '../session/index.ts';
import type { Inspector, ProcessClock, RunningProcess } from '../session/index.ts';
import { attachedTarget, joinLateRecord, watchedCalls, watchedSentence } from './attached-evidence.ts';
import type { LateRecord, ProcessFacts } from './attached-evidence.ts';
import type { Examined } from './execute.ts';
import { plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { SourceLibrary } from './source-library.ts';
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

/** How often the wait looks at the process and tells how far it is. */
const TICK_MS = 200;
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
    await letIn(target, channel);
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
  const facts = await throughInspector(target, notes, (inspector) =>
    enter(inspector, request, { target, channel }),
  );
  const clock = openProcessClock(target.pid);
  const readings = collectProcess.start(clock);
  await untilDone(request);
  const described = attachedTarget(target.pid, facts);
  const home = homeOf(described);
  const library = new SourceLibrary(home);
  const taken = isAlive(target.pid)
    ? await takeRecord({ target, channel, startedAt }, { clock, notes, library })
    : null;
  const process = readings.stop();
  clock.close();
  const fault =
    taken === null
      ? `Process ${target.pid} ended while Mettle watched it; what it did until then is lost.`
      : null;
  const evidence: Partial<EvidenceMap> = {
    target: described,
    process,
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

/** Mettle may run as root, the server seldom does: it must reach the socket in our private folder. */
async function letIn({ owner }: RunningProcess, channel: AgentChannel): Promise<void> {
  if (owner === null || process.getuid?.() !== 0 || owner.uid === 0) return;
  await chown(dirname(channel.socketPath), owner.uid, owner.gid);
  await chown(channel.socketPath, owner.uid, owner.gid);
}

/** Uses the inspector for a moment, and says what is left of it where that is not nothing. */
async function throughInspector<T>(
  target: RunningProcess,
  notes: string[],
  use: (inspector: Inspector) => Promise<T>,
): Promise<T> {
  const { value, end } = await withInspector(target, use);
  if (end === 'left open, as it was')
    notes.push(`The inspector of process ${target.pid} was open before Mettle came, and was left open.`);
  if (end === 'not closed')
    notes.push(
      `The inspector of process ${target.pid} could not be closed: its debug port stays open until the server is restarted.`,
    );
  return value;
}

const FACTS = `JSON.stringify({ node: process.version, cwd: process.cwd(), command: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
  requiresModules: process.features.require_module === true, hasAgent: ${JSON.stringify(ANCHOR)} in globalThis })`;

/** Loads the agent, which starts its instrument at once, even while the server's code holds the loop. */
async function enter(
  inspector: Inspector,
  { alwaysOn }: AttachRequest,
  { target: { pid, owner }, channel }: Pick<Watch, 'target' | 'channel'>,
): Promise<ProcessFacts> {
  const facts = JSON.parse(String(await inspector.evaluate(FACTS))) as ProcessFacts & {
    readonly requiresModules: boolean;
    readonly hasAgent: boolean;
  };
  if (facts.hasAgent) throw refusal(`Process ${pid} was started by Mettle, which looks inside it already.`);
  if (!facts.requiresModules)
    throw refusal(
      `Process ${pid} runs Node.js ${facts.node}, into which Mettle's agent cannot be loaded late: that takes 20.19, 22.12 or newer, without --no-experimental-require-module.`,
    );
  try {
    const via = await inspector.evaluate(
      `${lateEntry()}.attachLate(${JSON.stringify(channel.socketPath)}, ${JSON.stringify(alwaysOn === true ? ALWAYS_ON_OPTIONS : BLOCKING_OPTIONS)})`,
    );
    return {
      node: facts.node,
      cwd: facts.cwd,
      command: facts.command,
      via: via === 'stdio' ? 'stdio' : 'http',
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // What a process without the right to read our files says, or one that no longer finds them.
    const unread = /\b(?:EACCES|ENOENT|EPERM|MODULE_NOT_FOUND|ERR_ACCESS_DENIED)\b|Cannot find module/.test(
      why,
    );
    const who = owner === null ? '' : `, which runs as uid ${owner.uid},`;
    const hint = unread ? ` It${who} must be able to read ${agentLateEntryPath()}.` : '';
    throw refusal(`Mettle's agent could not start in process ${pid}: ${why}.${hint}`);
  }
}

/** The agent's entry as an expression: `require` loads it at once, where `import` would wait for the loop. */
function lateEntry(): string {
  const path = JSON.stringify(agentLateEntryPath());
  return `process.getBuiltinModule('node:module').createRequire(${path})(${path})`;
}

async function untilDone({ pid, durationMs, signal, onProgress }: AttachRequest): Promise<void> {
  const startedMs = monotonicMs();
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  for (
    let goneMs = 0;
    goneMs < durationMs && !signal.aborted && isAlive(pid);
    goneMs = monotonicMs() - startedMs
  ) {
    onProgress({
      title: `watching process ${pid} as its clients call it`,
      subject: null,
      calls: 0,
      done: goneMs / durationMs,
      remainingMs: durationMs - goneMs,
    });
    await settlesWithin(stopped, Math.min(TICK_MS, durationMs - goneMs));
  }
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
