import { syncBuiltinESMExports } from 'node:module';
import { silently } from './silently.ts';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

const TAKE_A_PATH = [
  'open',
  'readFile',
  'writeFile',
  'appendFile',
  'stat',
  'lstat',
  'access',
  'readdir',
  'opendir',
  'mkdir',
  'rm',
  'rmdir',
  'unlink',
  'rename',
  'copyFile',
];

let current: string | null = null;
let touched = true;

/** From now on node:fs stays as it is, in a server in use: code that runs meanwhile may keep what it finds there for ever. */
export function leaveFsAlone(): void {
  touched = false;
}

/** The path given to the function of node:fs that is being called; null outside one. */
export function pathBeingUsed(): string | null {
  return current;
}

/** Notes which path the asynchronous functions of node:fs are given; the returned function ends it. */
export function notePaths(): () => void {
  if (!touched) return () => {};
  const fs = process.getBuiltinModule('node:fs') as unknown as Record<string, AnyFunction> & {
    readonly promises: Record<string, AnyFunction>;
  };
  const undo = [fs, fs.promises].flatMap((module) => TAKE_A_PATH.map((name) => wrap(module, name)));
  silently(syncBuiltinESMExports);
  return () => {
    for (const restore of undo) silently(restore);
    silently(syncBuiltinESMExports);
  };
}

function wrap(module: Record<string, AnyFunction>, name: string): () => void {
  const original = module[name];
  if (typeof original !== 'function') return () => {};
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const before = current;
    current = asPath(args[0]) ?? before;
    try {
      return original.apply(this, args);
    } finally {
      current = before;
    }
  };
  silently(() => void Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original)));
  module[name] = wrapped;
  return () => {
    if (module[name] === wrapped) module[name] = original;
  };
}

function asPath(value: unknown): string | null {
  if (typeof value === 'string') return value.slice(0, 300);
  if (value instanceof URL) return decodeURIComponent(value.pathname).slice(0, 300);
  return null;
}
