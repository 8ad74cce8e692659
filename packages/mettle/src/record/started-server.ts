import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { notStarted, unreached } from './unreached.ts';

const LONGEST_START_MS = 30_000;
const RETRY_MS = 100;
const GRACE_MS = 5000;

export interface StartedServer {
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a server that listens at `target` and waits until something does. What it prints goes to our stderr. Throws
 * TargetError when it cannot be started, ends, or listens nowhere within 30 s.
 */
export async function startServer(
  start: { readonly command: readonly string[]; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  target: URL,
): Promise<StartedServer> {
  const [file = '', ...args] = start.command;
  const windows = process.platform === 'win32';
  const child = spawn(file, args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ['ignore', 2, 2],
    shell: windows,
    windowsHide: true,
  });
  let isRunning = true;
  const ended = once(child, 'exit').then(([code, signal]) => {
    isRunning = false;
    return signal === null ? `exit code ${code}` : `signal ${signal}`;
  });
  // Rejected as well when it cannot be started, which is told here.
  ended.catch(() => undefined);
  await once(child, 'spawn').catch((error: unknown) => {
    throw notStarted(error, file, start.cwd);
  });
  const stop = async (): Promise<void> => {
    if (!isRunning) return;
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(killer);
  };
  const until = performance.now() + LONGEST_START_MS;
  while (!(await listensAt(target))) {
    if (!isRunning)
      throw unreached(
        'spawn',
        `The server ended with ${await ended} before it listened at ${target.origin}.`,
      );
    if (performance.now() > until) {
      await stop();
      throw unreached('connect', `Nothing listens at ${target.origin} 30 s after the server was started.`);
    }
    await pause(RETRY_MS);
  }
  return { ended, stop };
}

function listensAt({ hostname, port, protocol }: URL): Promise<boolean> {
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  });
  return new Promise((resolve) => {
    const is = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => is(true));
    socket.once('error', () => is(false));
  });
}
