import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';

export interface RanHere {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command line in this process, with no terminal: what it does is the same, and starting a process takes longer than what
 * most of them ask for.
 */
export async function runHere(args: readonly string[], cwd: string): Promise<RanHere> {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): Host['stdout'] => ({
    write: (text) => (said[name] += text),
    isTerminal: false,
    columns: 80,
  });
  const code = await main(args, {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: process.env,
    cwd,
    signal: new AbortController().signal,
  });
  return { code, ...said };
}
