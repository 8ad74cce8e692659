import { processesOf } from './affinity.ts';
import { monotonicMs, pause } from './clock.ts';
import { ReachFault } from './handshake.ts';
import { listeningPorts, listeningPortsOf } from './listening-ports.ts';
import { startCommand, targetEnvironment } from './target-environment.ts';

const PATIENCE_MS = 15_000;
const POLL_MS = 50;

/**
 * Starts a command, sees where it comes to listen, and stops it again: `http://127.0.0.1:3000`. Null when it does not, or
 * where the system does not tell.
 */
export async function listeningOrigin(options: {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}): Promise<string | null> {
  if (listeningPorts() === null) return null;
  const { command, cwd, env, signal } = options;
  let started: Awaited<ReturnType<typeof startCommand>>;
  try {
    started = await startCommand({ command, cwd, env: targetEnvironment(env) });
  } catch (error) {
    if (error instanceof ReachFault) return null;
    throw error;
  }
  started.drainStdout();
  try {
    const until = monotonicMs() + PATIENCE_MS;
    while (monotonicMs() < until && started.exit === null && !signal.aborted) {
      const [found] = processesOf(started.pid).flatMap((pid) => listeningPortsOf(pid) ?? []);
      if (found !== undefined) return `http://${found.host}:${String(found.port)}`;
      await pause(POLL_MS);
    }
    return null;
  } finally {
    await started.stop(0);
  }
}
