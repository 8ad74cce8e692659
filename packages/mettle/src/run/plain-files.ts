import { readFileSync, statSync } from 'node:fs';

/** What a map may call its source and be read for it: a map is somebody else's, and may name any file. */
const SOURCE_NAME = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|coffee|civet|es6|mdx|gts|gjs|res|ml|elm|purs|cljs)$/i;

/** The file's text; null when it is no plain file, is larger than `mostBytes`, or cannot be read. */
export function readPlainFile(file: string, mostBytes: number): string | null {
  try {
    const found = statSync(file);
    return found.isFile() && found.size <= mostBytes
      ? readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
      : null;
  } catch {
    return null;
  }
}

/** Whether there is such a plain file. */
export function isPlainFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether the name is that of source code. */
export function isSourceName(file: string): boolean {
  return SOURCE_NAME.test(file);
}
