import process from 'node:process';
import { EXIT } from './exit-codes.ts';
import type { Host } from './host.ts';
import { main, ourBug } from './main.ts';

const interruption = new AbortController();

function interrupt(): void {
  // A second signal does not wait for anything.
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
/** Whatever way this process ends, what it started ends too. */
async function endWithAll(): Promise<void> {
  const { killAllStarted, removeAllWorktrees } = await import('../run/index.ts');
  process.on('exit', killAllStarted);
  process.on('exit', removeAllWorktrees);
}
/** A reader that left (mettle … | head), or a terminal that was closed, is no fault: the run is kept in its folder. */
const READER_GONE: readonly (string | undefined)[] = ['EPIPE', 'EIO', 'ECONNRESET'];
for (const out of [process.stdout, process.stderr])
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (!READER_GONE.includes(error.code)) throw error;
  });
// Node.js itself would end with 1, which says that there are findings.
process.on('uncaughtException', (error) => {
  process.stderr.write(ourBug(error));
  process.exit(EXIT.internal);
});

function stream(out: NodeJS.WriteStream): Host['stdout'] {
  return {
    write: (text) => void out.write(text),
    isTerminal: out.isTTY,
    get columns() {
      return out.columns ?? 80;
    },
  };
}

const host: Host = {
  stdout: stream(process.stdout),
  stderr: stream(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  signal: interruption.signal,
  // Asked for only by who needs them: to look at stdin keeps a process alive.
  get pipes() {
    return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  },
};

const code = await main(process.argv.slice(2), host, endWithAll);
process.exitCode = code;
// Something of the target's may still hold a handle; flush what is written, then go.
process.stdout.write('', () => process.exit(code));
