import { constants } from 'node:fs';
import { fileName } from './file-names.ts';
import type { StepWords } from './held-steps.ts';

/** Operations of node:fs that are one effect, and whether they change what they name. */
export const FILE_OPERATIONS: Readonly<Record<string, 'reads' | 'writes'>> = {
  access: 'reads',
  lstat: 'reads',
  opendir: 'reads',
  readFile: 'reads',
  readdir: 'reads',
  readlink: 'reads',
  realpath: 'reads',
  stat: 'reads',
  statfs: 'reads',
  appendFile: 'writes',
  chmod: 'writes',
  chown: 'writes',
  copyFile: 'writes',
  cp: 'writes',
  lchown: 'writes',
  link: 'writes',
  lutimes: 'writes',
  mkdir: 'writes',
  mkdtemp: 'writes',
  rename: 'writes',
  rm: 'writes',
  rmdir: 'writes',
  symlink: 'writes',
  truncate: 'writes',
  unlink: 'writes',
  utimes: 'writes',
};

/** Operations whose second path is the one that they change. */
const SECOND_PATH_CHANGES = new Set(['rename', 'copyFile', 'cp', 'link', 'symlink']);

/** What an operation on paths does, in words. */
export function wordsOf(name: string, args: readonly unknown[]): StepWords {
  const writes = FILE_OPERATIONS[name] === 'writes';
  const kind = `fs.${name}`;
  if (SECOND_PATH_CHANGES.has(name)) {
    const from = fileName(args[0]);
    return { kind, resource: fileName(args[1]), writes, detail: from === null ? '' : `from ${from}` };
  }
  const bytes = name === 'appendFile' ? byteLength(args[1]) : null;
  return { kind, resource: fileName(args[0]), writes, detail: bytes === null ? '' : `${String(bytes)} B` };
}

/** What opening a file does: with which flags, and whether it makes or empties it. */
export function wordsOfOpen(path: unknown, flags: unknown): StepWords {
  const { text, writes } = openFlags(flags);
  return { kind: 'fs.open', resource: fileName(path), writes, detail: text };
}

function openFlags(flags: unknown): { readonly text: string; readonly writes: boolean } {
  if (typeof flags === 'number') {
    const changes = (flags & (constants.O_CREAT | constants.O_TRUNC)) !== 0;
    const text = [
      [constants.O_TRUNC, 'truncate'],
      [constants.O_EXCL, 'exclusive'],
      [constants.O_APPEND, 'append'],
    ] as const;
    return {
      text: text.flatMap(([bit, word]) => ((flags & bit) === 0 ? [] : [word])).join(', '),
      writes: changes,
    };
  }
  const given = typeof flags === 'string' ? flags : 'r';
  if (given.includes('x')) return { text: 'exclusive', writes: true };
  if (given.startsWith('w')) return { text: 'truncate', writes: true };
  if (given.startsWith('a')) return { text: 'append', writes: true };
  return { text: '', writes: false };
}

export function byteLength(data: unknown, encoding?: unknown): number | null {
  if (typeof data === 'string')
    return Buffer.byteLength(
      data,
      typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8',
    );
  return ArrayBuffer.isView(data) ? data.byteLength : null;
}

/** Whether Node would take it for a path; what it would refuse is left to Node. */
export function isPath(value: unknown): boolean {
  return typeof value === 'string' || value instanceof URL || Buffer.isBuffer(value);
}
