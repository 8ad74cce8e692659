import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Shadow } from './shadow.ts';

/*
 * SQLite opens its file itself, past node:fs: node:sqlite, and the add-ons better-sqlite3 and sqlite3, whose native
 * constructor takes the path first. In a raced server they are given the path of the copy.
 */

/** What SQLite keeps beside a database. */
const SIDE_FILES = ['', '-wal', '-shm', '-journal'];

type Constructor = new (...args: unknown[]) => object;

/** Databases outside the working copy are opened on a copy. */
export function containDatabases(shadow: Shadow): void {
  const { dlopen } = process;
  process.dlopen = function contained(...args: Parameters<typeof dlopen>): void {
    Reflect.apply(dlopen, this, args);
    const { exports } = args[0] as { exports?: Record<string, unknown> | null };
    if (exports === null || typeof exports !== 'object') return;
    onCopies(exports, 'Database', shadow);
    // better-sqlite3 makes its constructor only then, from version 13 on.
    const { initialize } = exports;
    if (typeof initialize !== 'function' || exports['Database'] !== undefined) return;
    exports['initialize'] = function initialized(this: unknown, ...given: unknown[]): unknown {
      const result: unknown = Reflect.apply(initialize, this, given);
      onCopies(exports, 'Database', shadow);
      return result;
    };
  };
  containOwn(shadow);
}

/** Node's own. To load it warns that it is experimental, which the server has not asked for. */
function containOwn(shadow: Shadow): void {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as unknown as Record<string, unknown> | undefined;
    if (sqlite !== undefined) onCopies(sqlite, 'DatabaseSync', shadow);
    syncBuiltinESMExports();
  } catch {
    // This Node.js has none.
  } finally {
    process.emitWarning = emitWarning;
  }
}

function onCopies(exports: Record<string, unknown>, name: string, shadow: Shadow): void {
  const original = exports[name];
  if (typeof original !== 'function') return;
  try {
    exports[name] = new Proxy(original as Constructor, {
      construct: (target, [path, ...rest], newTarget) =>
        Reflect.construct(
          target,
          [placed(path, shadow), ...rest],
          newTarget === exports[name] ? target : newTarget,
        ),
    });
  } catch {
    // Frozen: what it writes is told as a native add-on's.
  }
}

function placed(path: unknown, shadow: Shadow): unknown {
  const text = path instanceof URL ? fileURLToPath(path) : Buffer.isBuffer(path) ? path.toString() : path;
  // In memory, a temporary one, or a URI with options of its own.
  if (typeof text !== 'string' || text === '' || text === ':memory:' || text.startsWith('file:')) return path;
  const file = resolve(text);
  const [place = file] = SIDE_FILES.map((side) => shadow.placeOf(file + side, 'writes', 'open'));
  return place === file ? path : place;
}
