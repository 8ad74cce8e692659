import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Listener } from './listener.ts';
import { notStarted } from './unreached.ts';

/** The client's side: what it writes to us, reads from us, and shows as our log. */
export interface ClientPipes {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

export interface ProxyEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server that does not end when its stdin does, or when it is asked to, is given this long. */
const GRACE_MS = 5000;
const THE_SESSION = { session: 'stdio', ids: 'stdio' };

/**
 * Stands between a client and the server that it started through us: every byte goes through as it came, in both
 * directions, before anything is made of it. Ends with the server; stops it when `signal` is aborted.
 */
export async function proxyStdio(
  start: {
    readonly command: readonly string[];
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  },
  { stdin, stdout, stderr }: ClientPipes,
  listener: Listener,
  signal: AbortSignal,
): Promise<ProxyEnd> {
  const [file = '', ...args] = start.command;
  const windows = process.platform === 'win32';
  const child = spawn(file, args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: windows,
    windowsHide: true,
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  // Rejected as well when it cannot be started, which is told here.
  ended.catch(() => undefined);
  await once(child, 'spawn').catch((error: unknown) => {
    throw notStarted(error, file, start.cwd);
  });

  const toServer = listener.lines(THE_SESSION, 'to-server');
  const toClient = listener.lines(THE_SESSION, 'to-client');
  void tee(stdin, child.stdin, (chunk) => toServer.push(chunk));
  const answers = tee(child.stdout, stdout, (chunk) => toClient.push(chunk));
  const log = tee(child.stderr, stderr, () => undefined);
  stdin.once('end', () => child.stdin.end());

  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.stdin.end();
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const [code, by] = await ended;
  clearTimeout(killer);
  signal.removeEventListener('abort', stop);
  // A grandchild may hold the pipes open after the server's end: what was written by then has arrived.
  await Promise.race([Promise.all([answers, log]), once(AbortSignal.timeout(1000), 'abort')]);
  stdin.pause();
  return { code, signal: by };
}

/** Gives on every chunk at once, with back-pressure; `heard` has it afterwards. Resolves when the source has ended. */
function tee(from: Readable, to: Writable, heard: (chunk: Buffer) => void): Promise<void> {
  // The other side may go away at any moment; its exit is what is reported.
  to.on('error', () => undefined);
  from.on('data', (chunk: Buffer) => {
    const more = to.write(chunk);
    heard(chunk);
    if (!more && to.writable) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  return new Promise((resolve) => {
    from.once('end', resolve);
    from.once('close', resolve);
    from.once('error', () => resolve());
  });
}
