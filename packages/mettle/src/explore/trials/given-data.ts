import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../evidence/index.ts';

/** More is not copied unasked: each trial looks at all of it. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_FILES = 2_000;
/** A variable whose value may be a relative path by its name; a bare word in others is a word. */
const NAMES_A_PLACE = /path|file|dir|folder|root|home|store|data|db/i;

/** A path of the user's in an argument or a variable: as it stands there, and in full. */
export interface GivenPath {
  readonly shown: string;
  readonly path: string;
}

/** The path that a word names: `data`, `/data`, `--data=./data`, `file:///data`; null for one that names none. */
export function pathIn(word: string, cwd: string): { readonly before: string; readonly path: string } | null {
  if (word.includes('{dir}')) return null;
  const [, option = '', value = ''] = /^(--?[\w-]+=)?(.*)$/s.exec(word) ?? [];
  if (value === '' || (option === '' && value.startsWith('-'))) return null;
  if (value.startsWith('file://')) return { before: `${option}file://`, path: asPath(value) };
  return isAbsolute(value) || existsSync(resolve(cwd, value))
    ? { before: option, path: resolve(cwd, value) }
    : null;
}

/** The same for the value of a variable. */
export function pathInVariable(name: string, value: string, cwd: string): ReturnType<typeof pathIn> {
  const isWord = !/[\\/]/.test(value) && !NAMES_A_PLACE.test(name);
  return isWord ? null : pathIn(value, cwd);
}

/** Programs and their modules are no data; what does not exist would be made, and be no copy either. */
export function isData(path: string): boolean {
  const seen = statSync(path, { throwIfNoEntry: false });
  if (seen === undefined) return dirname(path) !== dirname(dirname(path)) && existsSync(dirname(path));
  if (seen.isDirectory()) return dirname(path) !== path;
  return seen.isFile() && (seen.mode & 0o111) === 0 && !/\.([cm]?[jt]sx?|node|wasm|pem|crt|so)$/.test(path);
}

/**
 * Copies what the server is told of into the folder, each at the same place below it as below `cwd`, and notes where each
 * now lies. What lies there already (of the state that was asked for) stays. Returns what was copied; throws UsageError for
 * what is too large.
 */
export function copyGiven(
  given: readonly GivenPath[],
  { cwd, dir, places }: { readonly cwd: string; readonly dir: string; readonly places: Map<string, string> },
): readonly string[] {
  const copied: string[] = [];
  for (const { shown, path } of given) {
    if (placeWithin(places, path) !== null) continue;
    const below = relative(cwd, path);
    const isInside = below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
    const place = isInside ? join(dir, below) : unused(join(dir, basename(path)));
    places.set(path, place);
    const isThere =
      place === dir ? readdirSync(dir).length > 0 : lstatSync(place, { throwIfNoEntry: false }) !== undefined;
    if (isThere || !existsSync(path)) continue;
    copyOne(shown, path, place);
    copied.push(path);
  }
  return copied;
}

/** Where a path lies, by itself or within a folder that was copied. */
export function placeWithin(places: ReadonlyMap<string, string>, path: string): string | null {
  for (let at = path; ; at = dirname(at)) {
    const place = places.get(at);
    if (place !== undefined) return join(place, relative(at, path));
    if (dirname(at) === at) return null;
  }
}

function copyOne(shown: string, path: string, place: string): void {
  const tooMuch = moreThanCopied(path);
  if (tooMuch !== null)
    throw new UsageError(
      `${shown} names ${path}, and races are only run on copies: with ${tooMuch} it is too large to be copied unasked. Name the working copy as {dir} instead, and give a workload a smaller "state" to copy.`,
    );
  try {
    mkdirSync(dirname(place), { recursive: true });
    // Links are followed: one that led back to the original would let the server change it.
    cpSync(path, place, { recursive: true, dereference: true });
  } catch (error) {
    throw new UsageError(
      `${shown} names ${path}, and races are only run on copies: it cannot be copied (${(error as Error).message}). Name the working copy as {dir} instead.`,
    );
  }
}

/** What of a file or folder is too much; null when it is little. */
function moreThanCopied(path: string): string | null {
  let [bytes, files] = [0, 0];
  const seen = new Set<string>();
  const left = [path];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const { isFolder, size } = lookAt(at);
    files += 1;
    bytes += size;
    if (bytes > MOST_BYTES) return `more than ${MOST_BYTES / 1024 / 1024} MiB`;
    if (files > MOST_FILES) return `more than ${MOST_FILES} files`;
    if (!isFolder) continue;
    const real = realpathSync(at);
    if (seen.has(real)) continue;
    seen.add(real);
    for (const name of readdirSync(at)) left.push(join(at, name));
  }
  return null;
}

function lookAt(path: string): { readonly isFolder: boolean; readonly size: number } {
  const seen = statSync(path, { throwIfNoEntry: false });
  return { isFolder: seen?.isDirectory() === true, size: seen?.isFile() === true ? seen.size : 0 };
}

function unused(place: string): string {
  let free = place;
  for (let n = 2; lstatSync(free, { throwIfNoEntry: false }) !== undefined; n++) free = `${place}-${n}`;
  return free;
}

function asPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url.slice('file://'.length);
  }
}
