import type * as FileSystem from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { containDatabases } from './contained-databases.ts';
import { Shadow } from './shadow.ts';
import type { PathRole } from './shadow.ts';

/*
 * In a server that is raced: what it writes outside its working copy goes to a copy within it, so that no user's file
 * is harmed by a race, and the server works on as ever. It holds for what is written through node:fs and to SQLite
 * databases, in this process; not for other native code and child processes.
 */

/** Fetch and start the server, and keep caches of their own. */
const LAUNCHERS = /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(-cli)?(\.[cm]?js)?$/;

/** What each function does with its first arguments; null: no path of its own. `open` goes by its flags. */
const ROLES: Readonly<Record<string, readonly (PathRole | null)[]>> = {
  access: ['reads'],
  appendFile: ['writes'],
  chmod: ['writes'],
  chown: ['writes'],
  copyFile: ['reads', 'writes'],
  cp: ['reads', 'writes'],
  exists: ['reads'],
  lchmod: ['writes'],
  lchown: ['writes'],
  link: ['reads', 'writes'],
  lstat: ['reads'],
  lutimes: ['writes'],
  mkdir: ['writes'],
  mkdtemp: ['writes'],
  open: ['reads'],
  opendir: ['reads'],
  readFile: ['reads'],
  readdir: ['reads'],
  readlink: ['reads'],
  realpath: ['reads'],
  rename: ['removes', 'writes'],
  rm: ['removes'],
  rmdir: ['removes'],
  stat: ['reads'],
  statfs: ['reads'],
  symlink: [null, 'writes'],
  truncate: ['writes'],
  unlink: ['removes'],
  utimes: ['writes'],
  writeFile: ['writes'],
};

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Functions = Record<string, AnyFunction | undefined>;

/** Lays the layer over node:fs, before anything else gets hold of it. */
export function containWrites(folder: string): void {
  if (LAUNCHERS.test(basename(process.argv[1] ?? ''))) return;
  const fs = createRequire(import.meta.url)('node:fs') as typeof FileSystem;
  const shadow = new Shadow(folder, { ...fs });
  const { readdirSync } = fs;
  for (const name of Object.keys(ROLES)) {
    const places = (args: readonly unknown[]): unknown[] => placed(name, args, shadow);
    wrap(fs as unknown as Functions, `${name}Sync`, (original, self, args) => {
      try {
        return answered(name, Reflect.apply(original, self, places(args)), shadow);
      } catch (error) {
        throw inServersWords(error, shadow);
      }
    });
    wrap(fs as unknown as Functions, name, (original, self, args) => {
      const callback = args.at(-1);
      if (typeof callback !== 'function') return Reflect.apply(original, self, args);
      const told = (error: unknown, ...rest: unknown[]): unknown =>
        Reflect.apply(callback, undefined, [
          inServersWords(error, shadow),
          ...rest.map((value) => answered(name, value, shadow)),
        ]);
      try {
        return Reflect.apply(original, self, [
          ...places(args.slice(0, -1)),
          name === 'exists' ? callback : told,
        ]);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error;
        process.nextTick(callback, error);
        return undefined;
      }
    });
    wrap(fs.promises as unknown as Functions, name, async (original, self, args) => {
      try {
        return answered(
          name,
          await (Reflect.apply(original, self, places(args)) as Promise<unknown>),
          shadow,
        );
      } catch (error) {
        throw inServersWords(error, shadow);
      }
    });
  }
  mergeListings(fs, readdirSync, shadow);
  containDatabases(shadow);
  syncBuiltinESMExports();
}

function wrap(
  functions: Functions,
  name: string,
  around: (original: AnyFunction, self: unknown, args: unknown[]) => unknown,
): void {
  const original = functions[name];
  if (original === undefined) return;
  const wrapped: AnyFunction = function wrapped(...args) {
    return around(original, this, args);
  };
  functions[name] = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
}

/** A directory's entries are those of both layers. */
function mergeListings(fs: typeof FileSystem, original: typeof FileSystem.readdirSync, shadow: Shadow): void {
  const merged = (args: readonly unknown[]): unknown[] | null => {
    const path = pathOf(args[0]);
    const place = path === null ? null : shadow.writtenIn(path);
    if (path === null || place === null) return null;
    const [, options] = args;
    const list = original as unknown as (path: string, options: unknown) => unknown[];
    const real = shadow.isGone(path) || !fs.existsSync(path) ? [] : list(path, options);
    return shadow.merge(path, real, list(place, options), nameOf);
  };
  wrap(
    fs as unknown as Functions,
    'readdirSync',
    (next, self, args) => merged(args) ?? Reflect.apply(next, self, args),
  );
  wrap(fs as unknown as Functions, 'readdir', (next, self, args) => {
    const callback = args.at(-1);
    const both = typeof callback === 'function' ? merged(args.slice(0, -1)) : null;
    if (both === null) return Reflect.apply(next, self, args);
    setImmediate(callback as (error: null, entries: unknown[]) => void, null, both);
    return undefined;
  });
  wrap(fs.promises as unknown as Functions, 'readdir', (next, self, args) => {
    const both = merged(args);
    return both === null ? Reflect.apply(next, self, args) : Promise.resolve(both);
  });
}

function nameOf(entry: unknown): string {
  if (typeof entry === 'string') return entry;
  return Buffer.isBuffer(entry) ? entry.toString() : (entry as { readonly name: string }).name;
}

/** The arguments with each path where the layer has it. */
function placed(name: string, args: readonly unknown[], shadow: Shadow): unknown[] {
  const roles = name === 'open' && !isReading(args[1]) ? (['writes'] as const) : (ROLES[name] ?? []);
  return args.map((value, i) => {
    const role = roles[i] ?? null;
    const path = role === null ? null : pathOf(value);
    if (role === null || path === null) return value;
    const place = shadow.placeOf(path, role, name);
    // As it was given, where it needs no layer: a prefix of mkdtemp may end with a slash.
    return place === path ? value : keepSlash(value, place);
  });
}

function keepSlash(value: unknown, place: string): string {
  return typeof value === 'string' && /[/\\]$/.test(value) ? `${place}/` : place;
}

/** `open(path)`, `open(path, callback)` and `open(path, 'r')` read. */
function isReading(flags: unknown): boolean {
  if (typeof flags === 'string') return flags === 'r' || flags === 'rs' || flags === 'sr';
  return typeof flags !== 'number' || (flags & 3) === 0;
}

/** Descriptors were opened before, and are let pass. */
function pathOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : resolve(value);
  if (Buffer.isBuffer(value)) return resolve(value.toString());
  return value instanceof URL ? fileURLToPath(value) : null;
}

/** What answers with a path answers with the one that the server knows. */
function answered(name: string, value: unknown, shadow: Shadow): unknown {
  const isPath = name === 'mkdtemp' || name === 'realpath' || name === 'mkdir';
  return isPath && typeof value === 'string' ? shadow.inTheServersWords(value) : value;
}

/** An error names the path that the server gave. */
function inServersWords(error: unknown, shadow: Shadow): unknown {
  if (!(error instanceof Error)) return error;
  const named = error as Error & { path?: unknown; dest?: unknown };
  error.message = shadow.inTheServersWords(error.message);
  if (typeof named.path === 'string') named.path = shadow.inTheServersWords(named.path);
  if (typeof named.dest === 'string') named.dest = shadow.inTheServersWords(named.dest);
  return error;
}
