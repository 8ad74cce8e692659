import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../evidence/index.ts';

/** Where runs are kept when no other place is named. */
export const RUNS = '.mettle';

/** Throws UsageError where a run could not be kept: said before anything is measured, and without leaving a folder. */
export function checkPlace(cwd: string, out: string | undefined): void {
  const directory = resolve(cwd, out ?? RUNS);
  const why = whyNotIn(directory);
  if (why !== null)
    throw new UsageError(
      `The run cannot be kept in ${directory}, since ${why}: name another folder with --out DIR.`,
    );
}

/** Throws UsageError where a file that an option names could not be written; before anything is measured, too. */
export function checkFile(option: string, file: string): void {
  const why =
    statSync(file, { throwIfNoEntry: false })?.isDirectory() === true
      ? 'it is a folder'
      : whyNotIn(dirname(file));
  if (why !== null)
    throw new UsageError(`${option}: ${file} cannot be written, since ${why}: name another file.`);
}

/** Why nothing can be made in a folder, which need not be there yet; null when it can. */
function whyNotIn(directory: string): string | null {
  let there = directory;
  while (!existsSync(there)) there = dirname(there);
  if (!statSync(there).isDirectory()) return `${there} is no folder`;
  try {
    // Tried, not asked for: who may do everything is told so of /proc as well.
    rmdirSync(mkdtempSync(join(there, '.mettle-')));
    return null;
  } catch (error) {
    return `nothing can be written in ${there} (${(error as NodeJS.ErrnoException).code ?? 'no access'})`;
  }
}
