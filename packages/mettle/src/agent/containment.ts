import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * In a server that is raced: what it writes outside its working copy is refused as on a read-only file system, so
 * that no user's file is harmed by a race. It holds for what is written through node:fs, in this process; not for
 * native code and child processes.
 */

/** In that folder: the paths that were refused, one to a line. */
const REFUSED_FILE = 'refused-writes';
/** Fetch and start the server, and keep caches of their own. */
const LAUNCHERS = /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(-cli)?(\.[cm]?js)?$/;

/** Which arguments of a function name what is written. */
const WRITTEN: Readonly<Record<string, readonly number[]>> = {
  writeFile: [0],
  appendFile: [0],
  truncate: [0],
  unlink: [0],
  rmdir: [0],
  rm: [0],
  mkdir: [0],
  mkdtemp: [0],
  chmod: [0],
  lchmod: [0],
  chown: [0],
  lchown: [0],
  utimes: [0],
  lutimes: [0],
  rename: [0, 1],
  link: [1],
  symlink: [1],
  copyFile: [1],
  cp: [1],
};

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Functions = Record<string, AnyFunction | undefined>;

/** Lays the guard over node:fs, before anything else gets hold of it. */
export function containWrites(folder: string): void {
  if (LAUNCHERS.test(basename(process.argv[1] ?? ''))) return;
  const fs = createRequire(import.meta.url)('node:fs') as Functions & { readonly promises: Functions };
  const { appendFileSync } = fs;
  const told = new Set<string>();
  const refusal = (name: string, args: readonly unknown[]): Error | null => {
    const path = writtenBy(name, args).find((each) => !isAllowed(each, folder));
    if (path === undefined) return null;
    if (!told.has(path) && told.size < 20) {
      told.add(path);
      appendFileSync?.(`${folder}${sep}${REFUSED_FILE}`, `${path}\n`);
    }
    const message = `EROFS: read-only file system, ${name} '${path}' (Mettle races servers in a working copy, outside of which nothing is written)`;
    return Object.assign(new Error(message), { code: 'EROFS', errno: -30, syscall: name, path });
  };
  for (const name of [...Object.keys(WRITTEN), 'open']) {
    guard(fs, name, (args) => refusal(name, args), later);
    guard(fs, `${name}Sync`, (args) => refusal(name, args), thrown);
    guard(fs.promises, name, (args) => refusal(name, args), rejected);
  }
  syncBuiltinESMExports();
}

function guard(
  functions: Functions,
  name: string,
  refusal: (args: readonly unknown[]) => Error | null,
  refuse: (error: Error, args: readonly unknown[]) => unknown,
): void {
  const original = functions[name];
  if (original === undefined) return;
  const guarded: AnyFunction = function guarded(...args) {
    const error = refusal(args);
    return error === null ? Reflect.apply(original, this, args) : refuse(error, args);
  };
  functions[name] = Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
}

function thrown(error: Error): never {
  throw error;
}

function rejected(error: Error): Promise<never> {
  return Promise.reject(error);
}

function later(error: Error, args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback !== 'function') throw error;
  process.nextTick(callback as (error: Error) => void, error);
}

function writtenBy(name: string, args: readonly unknown[]): readonly string[] {
  if (name === 'open') return isReading(args[1]) ? [] : pathsOf([args[0]]);
  return pathsOf((WRITTEN[name] ?? []).map((index) => args[index]));
}

/** `open(path)`, `open(path, callback)` and `open(path, 'r')` read. */
function isReading(flags: unknown): boolean {
  if (typeof flags === 'string') return flags === 'r' || flags === 'rs' || flags === 'sr';
  return typeof flags !== 'number' || (flags & 3) === 0;
}

/** Descriptors were opened before, and are let pass. */
function pathsOf(values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => {
    if (typeof value === 'string') return [resolve(value)];
    if (Buffer.isBuffer(value)) return [resolve(value.toString())];
    return value instanceof URL ? [fileURLToPath(value)] : [];
  });
}

function isAllowed(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep) || /^\/(dev|proc)\/|^\\\\[.?]\\/.test(path);
}
