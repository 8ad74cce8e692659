import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * What files are called in a trial: relative to the working copy, so that the names are the same in any copy.
 */

let workingCopies: readonly string[] = [];
/** Paths of open files, by number. */
const openFiles = new Map<number, string>();
const handles = new WeakMap<object, string>();
const counts = { open: 0, openAtStart: 0, peak: 0 };

export function nameFilesIn(workingCopy: string): void {
  const given = workingCopy === '' ? [] : [resolve(workingCopy)];
  workingCopies = [...new Set([...given, ...given.map(realPath)])];
  counts.openAtStart = counts.open;
  counts.peak = 0;
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** Files open beyond those of the start, at most. */
export function peakOpenFiles(): number {
  return counts.peak;
}

/** The resource that a path, a file's number or its handle stands for; null for what is no name of a file. */
export function fileName(target: unknown): string | null {
  const path = pathOf(target);
  if (path === null) return null;
  const absolute = isAbsolute(path) ? path : resolve(path);
  for (const root of workingCopies) {
    if (absolute === root) return '.';
    if (absolute.startsWith(root + sep)) return relative(root, absolute).replaceAll(sep, '/');
  }
  return absolute;
}

/** Whether a path lies in the working copy. */
export function isInWorkingCopy(target: unknown): boolean {
  const name = fileName(target);
  return name !== null && !isAbsolute(name);
}

function pathOf(target: unknown): string | null {
  if (typeof target === 'string') return target;
  if (typeof target === 'number') return openFiles.get(target) ?? null;
  if (target instanceof URL) return target.protocol === 'file:' ? fileURLToPath(target) : null;
  if (Buffer.isBuffer(target)) return target.toString();
  return typeof target === 'object' && target !== null ? (handles.get(target) ?? null) : null;
}

export function fileOpened(descriptor: unknown, path: unknown): void {
  const name = pathOf(path);
  if (name === null) return;
  counts.open++;
  counts.peak = Math.max(counts.peak, counts.open - counts.openAtStart);
  if (typeof descriptor === 'number') openFiles.set(descriptor, resolve(name));
  else if (typeof descriptor === 'object' && descriptor !== null) handles.set(descriptor, resolve(name));
}

export function fileClosed(descriptor: unknown): void {
  const known =
    typeof descriptor === 'number'
      ? openFiles.delete(descriptor)
      : typeof descriptor === 'object' && descriptor !== null && handles.delete(descriptor);
  if (known) counts.open--;
}
