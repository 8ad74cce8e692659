import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A directory that a server can be expected to read, and a small file in it. */
export interface Readable {
  readonly directory: string;
  readonly file?: string;
}

/** Larger ones would measure the disk and the wire rather than the server. */
const FILE_LIMIT_BYTES = 64 * 1024;

/**
 * What arguments named like a path can point to on a target of this machine: the working copy; else the last directory
 * on its command line, which servers of files are given; else where it runs. Hidden files are never chosen: they hold secrets.
 */
export async function findReadable(target: {
  readonly workingCopy: string | null;
  readonly command: readonly string[] | null;
  readonly cwd: string;
}): Promise<Readable> {
  const directory =
    target.workingCopy ?? (await lastDirectory(target.command ?? [], target.cwd)) ?? target.cwd;
  const file = await firstSmallFile(directory);
  return file === null ? { directory } : { directory, file };
}

async function lastDirectory(command: readonly string[], cwd: string): Promise<string | null> {
  for (const word of command.slice(1).toReversed()) {
    if (word.startsWith('-')) continue;
    const path = resolve(cwd, word);
    const seen = await stat(path).catch(() => null);
    if (seen?.isDirectory() === true) return path;
  }
  return null;
}

async function firstSmallFile(directory: string): Promise<string | null> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    if (name.startsWith('.')) continue;
    const path = join(directory, name);
    const seen = await stat(path).catch(() => null);
    if (seen?.isFile() === true && seen.size > 0 && seen.size <= FILE_LIMIT_BYTES) return path;
  }
  return null;
}
