import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that is there, and its first line: what an edit of it can look for. */
export interface ExistingFile {
  readonly path: string;
  readonly line: string | null;
}

const MOST_FILES = 8;
const MOST_LOOKED_AT = 500;
const MOST_BYTES = 64 * 1024;
const LONGEST_LINE = 80;

/**
 * Small files of text below a directory, those at the top first, in the order of their names. Hidden ones are left out: they
 * hold secrets, and tools of files leave them alone.
 */
export async function existingFiles(directory: string): Promise<readonly ExistingFile[]> {
  const files: ExistingFile[] = [];
  const folders = [directory];
  let looked = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files.length === MOST_FILES || ++looked > MOST_LOOKED_AT) return files;
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(...(await textFile(path)));
    }
  }
  return files;
}

async function textFile(path: string): Promise<readonly ExistingFile[]> {
  const size = await stat(path).then(
    (seen) => seen.size,
    () => Number.POSITIVE_INFINITY,
  );
  if (size > MOST_BYTES) return [];
  const text = await readFile(path, 'utf8').catch(() => '\0');
  if (text.includes('\0')) return [];
  const line = text.split(/\r?\n/).find((each) => each.trim() !== '');
  return [{ path, line: line === undefined || line.length > LONGEST_LINE ? null : line }];
}
