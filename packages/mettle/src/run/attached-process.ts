import { chown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { agentLateEntryPath } from '../agent/location.ts';
import { ANCHOR } from '../agent/sdk-rewrite.ts';
import type { AgentChannel } from '../collect/index.ts';
import { isAlive, monotonicMs, refusal, settlesWithin, withInspector } from '../session/index.ts';
import type { Inspector, RunningProcess } from '../session/index.ts';
import type { ProcessFacts } from './attached-evidence.ts';
import type { Progress } from './progress.ts';

/** How often the wait looks at the process and tells how far it is. */
export const TICK_MS = 200;

/** Mettle may run as root, the server seldom does: it must reach what lies in our private folder. */
export async function handOver({ owner }: RunningProcess, ...paths: readonly string[]): Promise<void> {
  if (owner === null || process.getuid?.() !== 0 || owner.uid === 0) return;
  for (const path of paths) {
    await chown(dirname(path), owner.uid, owner.gid);
    await chown(path, owner.uid, owner.gid);
  }
}

/** Uses the inspector for a moment, and says what is left of it where that is not nothing. */
export async function throughInspector<T>(
  target: RunningProcess,
  notes: string[],
  use: (inspector: Inspector) => Promise<T>,
): Promise<T> {
  const { value, end } = await withInspector(target, use).catch((error: unknown) => {
    throw isAlive(target.pid)
      ? error
      : refusal(`Process ${target.pid} ended while Mettle was attaching to it.`);
  });
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

/** Loads the agent, which does at once what `call` says, even while the server's code holds the loop: `attachLate("…", {})`. */
export async function enter(
  inspector: Inspector,
  { target: { pid, owner }, call }: { readonly target: RunningProcess; readonly call: string },
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
    const via = await inspector.evaluate(`${lateEntry()}.${call}`);
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
export function lateEntry(): string {
  const path = JSON.stringify(agentLateEntryPath());
  return `process.getBuiltinModule('node:module').createRequire(${path})(${path})`;
}

/** The text of a call of the agent's entry with the channel's socket. */
export function callOf(name: string, channel: AgentChannel, options: unknown): string {
  return `${name}(${JSON.stringify(channel.socketPath)}, ${JSON.stringify(options)})`;
}

/** Waits for as long as asked, until the process ends or the user has enough. */
export async function untilDone({
  pid,
  durationMs,
  signal,
  onProgress,
}: {
  readonly pid: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}): Promise<void> {
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
