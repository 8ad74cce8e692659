import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. One by one: `recursive` of Node.js never ends where the system
 * denies a folder with ENOENT, as it does in /proc. Throws the system's error.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let there = path;
  while (!isThere(there)) {
    missing.unshift(there);
    there = dirname(there);
  }
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path);
  for (const each of missing) {
    try {
      mkdirSync(each);
    } catch (error) {
      // Somebody else may have made it just now.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
