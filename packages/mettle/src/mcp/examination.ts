import { spawn } from 'node:child_process';
import type { Result } from '../evidence/index.ts';

/** How to run the command line itself: the program and its first arguments. */
export type CommandLine = readonly [string, ...string[]];

export interface Examined {
  readonly exitCode: number;
  /** Null when the run made none: bad options, a server that could not be reached, a cancelled run. */
  readonly result: Result | null;
  /** The last lines on stderr, for what went wrong. */
  readonly said: readonly string[];
}

/** After an interruption an examination stops its server and keeps what it measured. */
const GRACE_MS = 15_000;
const LINES_KEPT = 20;
const MOST_RESULT_BYTES = 64 * 1024 * 1024;

/**
 * Runs one examination as a process of its own, so that a measured server has a machine without our event loop in it and a
 * cancelled one is stopped as Ctrl-C would. `progress` hears each line of its progress.
 */
export async function examine(
  [program, ...first]: CommandLine,
  words: readonly string[],
  options: {
    readonly cwd: string;
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
  },
): Promise<Examined> {
  const child = spawn(program, [...first, ...words], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const said: string[] = [];
  const parts: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MOST_RESULT_BYTES) parts.push(chunk);
  });
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((each) => each !== '')) {
      said.push(line.replace(/^mettle: /, ''));
      if (said.length > LINES_KEPT) said.shift();
      options.progress(said.at(-1) ?? '');
    }
  });
  let killer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    child.kill('SIGINT');
    killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  if (options.signal.aborted) interrupt();
  else options.signal.addEventListener('abort', interrupt, { once: true });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { exitCode, result: parsed(parts, bytes), said };
  } finally {
    clearTimeout(killer);
    options.signal.removeEventListener('abort', interrupt);
  }
}

function parsed(parts: readonly Buffer[], bytes: number): Result | null {
  if (bytes === 0 || bytes > MOST_RESULT_BYTES) return null;
  try {
    const value = JSON.parse(Buffer.concat(parts).toString('utf8')) as Partial<Result>;
    return value.schema === 'mettle/result@1' ? (value as Result) : null;
  } catch {
    return null;
  }
}

/** One after the other, in the order asked: two examinations at once would measure each other. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How many would come before the next one. */
  get ahead(): number {
    return this.#waiting;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const mine = this.#last.then(work, work).finally(() => this.#waiting--);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
