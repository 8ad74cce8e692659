import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../src/evidence/index.ts';
import { freePort } from '../free-port.ts';

export { freePort };

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));

/** One run of the built command as a user would start it. */
export interface Examination {
  readonly exitCode: number | null;
  readonly result: Result;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExaminationOptions {
  readonly command: readonly string[];
  readonly url?: string;
  readonly era?: string;
  /** Default: check. */
  readonly examination?: 'check' | 'profile' | 'bench' | 'leak' | 'race';
  /** Further options of the examination. */
  readonly words?: readonly string[];
  /** Where the server is started. Default: a fresh folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly budgetSeconds?: number;
  /** Node.js to run Mettle itself with. */
  readonly node?: string;
  /** Fills the fresh folder in which the server is started. */
  readonly prepare?: (folder: string) => void;
}

/** `mettle check --format json` on one server; all that it writes goes into a folder that is gone afterwards. */
export async function examine(options: ExaminationOptions): Promise<Examination> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-smoke-'));
  try {
    options.prepare?.(folder);
    const run = await ran(
      options.node ?? process.execPath,
      [METTLE, ...wordsFor(options, folder)],
      options.cwd ?? folder,
    );
    let result: Result;
    try {
      result = JSON.parse(run.stdout) as Result;
    } catch {
      throw new Error(
        `stdout is no JSON (exit code ${run.exitCode}).\n${run.stdout.slice(0, 2000)}\n${run.stderr}`,
      );
    }
    return { ...run, result };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function wordsFor(options: ExaminationOptions, folder: string): readonly string[] {
  const words = [
    options.examination ?? 'check',
    '--format',
    'json',
    '--budget',
    String(options.budgetSeconds ?? 15),
  ];
  words.push('--out', join(folder, '.mettle'), ...(options.words ?? []));
  if (options.url !== undefined) words.push('--http', options.url);
  if (options.era !== undefined) words.push('--era', options.era);
  for (const [name, value] of Object.entries(options.env ?? {})) {
    words.push('--env', `${name}=${value.replaceAll('{folder}', folder)}`);
  }
  return [...words, '--', ...options.command];
}

function ran(
  command: string,
  words: readonly string[],
  cwd: string,
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
