import type * as nodeFs from 'node:fs';
import { fileClosed, fileName, fileOpened } from './file-names.ts';
import { byteLength, FILE_OPERATIONS, isPath, wordsOf, wordsOfOpen } from './file-operations.ts';
import { beginWork, endWork, heldCallback, holding } from './held-steps.ts';
import type { StepWords } from './held-steps.ts';
import { untouched } from './lane.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';
import { partsOptions, writeInParts } from './write-parts.ts';
import type { WritingParts } from './write-parts.ts';

type Callback = (...results: unknown[]) => unknown;

/** Operations on a file's number. */
const DESCRIPTOR_OPERATIONS: Readonly<Record<string, 'reads' | 'writes'>> = {
  fstat: 'reads',
  read: 'reads',
  readv: 'reads',
  fchmod: 'writes',
  fdatasync: 'writes',
  fsync: 'writes',
  ftruncate: 'writes',
  futimes: 'writes',
  write: 'writes',
  writev: 'writes',
};

/** Wraps the functions of node:fs that call back; streams use them too. */
export function controlFileCallbacks(): void {
  const fs = process.getBuiltinModule('node:fs');
  const parts = nativeParts(fs);
  for (const name of [...Object.keys(FILE_OPERATIONS), 'exists'])
    wrap(fs, name, (original) =>
      callback(
        original,
        (args) => isPath(args[0]),
        (args) => wordsOf(name, args),
      ),
    );
  for (const name of Object.keys(DESCRIPTOR_OPERATIONS))
    wrap(fs, name, (original) =>
      callback(
        original,
        (args) => typeof args[0] === 'number' && args[0] > 2,
        (args) => descriptorWords(name, args),
      ),
    );
  wrap(fs, 'open', openFile);
  wrap(fs, 'close', closeFile);
  wrap(fs, 'writeFile', (original) => writeFile(original, parts));
}

function callback(
  original: AnyFunction,
  known: (args: readonly unknown[]) => boolean,
  words: (args: readonly unknown[]) => StepWords,
): AnyFunction {
  return function heldWithCallback(this: unknown, ...args: unknown[]) {
    const done = args.at(-1);
    if (typeof done !== 'function' || !holding() || !known(args)) return original.apply(this, args);
    const rest = args.slice(0, -1);
    heldCallback(words(args), done as Callback, (ended) => void original.apply(this, [...rest, ended]));
    return undefined;
  };
}

function descriptorWords(name: string, args: readonly unknown[]): StepWords {
  const bytes = name === 'write' ? writtenBytes(args) : null;
  return {
    kind: `fs.${name}`,
    resource: fileName(args[0]),
    writes: DESCRIPTOR_OPERATIONS[name] === 'writes',
    detail: bytes === null ? '' : `${String(bytes)} B`,
  };
}

function writtenBytes(args: readonly unknown[]): number | null {
  const length = args[3];
  return ArrayBuffer.isView(args[1]) && typeof length === 'number' ? length : byteLength(args[1]);
}

function openFile(original: AnyFunction): AnyFunction {
  return function open(this: unknown, ...args: unknown[]) {
    const done = args.at(-1);
    if (typeof done !== 'function') return original.apply(this, args);
    const rest = args.slice(0, -1);
    const noted = (ended: Callback): Callback =>
      function opened(this: unknown, ...results: unknown[]) {
        if (typeof results[1] === 'number') fileOpened(results[1], args[0]);
        return ended.apply(this, results);
      };
    if (!holding() || !isPath(args[0])) return original.apply(this, [...rest, noted(done as Callback)]);
    const flags = rest.length > 1 ? args[1] : 'r';
    heldCallback(
      wordsOfOpen(args[0], flags),
      done as Callback,
      (ended) => void original.apply(this, [...rest, noted(ended)]),
    );
    return undefined;
  };
}

/** As with handles: closing is no step, but not nothing either. */
function closeFile(original: AnyFunction): AnyFunction {
  return function close(this: unknown, ...args: unknown[]) {
    const [descriptor, done] = args;
    fileClosed(descriptor);
    if (!holding() || typeof done !== 'function') return original.apply(this, args);
    beginWork();
    let over = false;
    const ended = function closed(this: unknown, ...results: unknown[]): unknown {
      if (!over) endWork();
      over = true;
      return (done as AnyFunction).apply(this, results);
    };
    try {
      return original.call(this, descriptor, ended);
    } catch (error) {
      if (!over) endWork();
      over = true;
      throw error;
    }
  };
}

function writeFile(original: AnyFunction, parts: WritingParts): AnyFunction {
  return function heldWriteFile(this: unknown, ...args: unknown[]) {
    const [path, data] = args;
    const done = args.at(-1);
    if (typeof done !== 'function' || !holding()) return original.apply(this, args);
    const inParts = isPath(path) ? partsOptions(data, args.length > 3 ? args[2] : undefined) : null;
    const call = done as (error: Error | null) => void;
    if (inParts !== null) {
      // The callback form writes all in one piece.
      writeInParts(parts, path, data as string | NodeJS.ArrayBufferView, inParts, Infinity).then(
        () => process.nextTick(call, null),
        (error: unknown) => process.nextTick(call, error as Error),
      );
      return undefined;
    }
    const bytes = byteLength(data);
    const detail = bytes === null ? '' : `${String(bytes)} B`;
    const words = { kind: 'fs.writeFile', resource: fileName(path), writes: true, detail };
    const rest = args.slice(0, -1);
    heldCallback(words, done as Callback, (ended) => void original.apply(this, [...rest, ended]));
    return undefined;
  };
}

/** The parts of a write with Node's own callback functions: a small file handle. */
function nativeParts(fs: typeof nodeFs): WritingParts {
  const { open, write, fsync, close } = fs;
  const promised = <T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> =>
    untouched(
      () =>
        new Promise<T>((resolve, reject) => {
          start((error, value) => (error === null ? resolve(value) : reject(error)));
        }),
    );
  type Numbered = { readonly number: number };
  const handle = {
    write(this: Numbered, bytes: Buffer, offset: number, length: number) {
      return promised<{ bytesWritten: number }>((done) =>
        write(this.number, bytes, offset, length, null, (error, bytesWritten) =>
          done(error, { bytesWritten }),
        ),
      );
    },
    sync(this: Numbered) {
      return promised<undefined>((done) => fsync(this.number, (error) => done(error, undefined)));
    },
    close(this: Numbered) {
      return promised<undefined>((done) => close(this.number, (error) => done(error ?? null, undefined)));
    },
  };
  return {
    ...(handle as unknown as Pick<WritingParts, 'write' | 'sync' | 'close'>),
    open: (path, flags, mode) =>
      promised((done) => open(path, flags ?? 'w', mode, (error, number) => done(error, { number } as never))),
    toBuffer: (data, encoding) => Buffer.from(data, encoding),
  };
}
