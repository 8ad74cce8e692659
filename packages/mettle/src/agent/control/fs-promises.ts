import type { FileHandle } from 'node:fs/promises';
import { fileClosed, fileName, fileOpened } from './file-names.ts';
import { byteLength, FILE_OPERATIONS, isPath, wordsOf, wordsOfOpen } from './file-operations.ts';
import { beginWork, endWork, heldOperation, holding } from './held-steps.ts';
import type { StepWords } from './held-steps.ts';
import { untouched } from './lane.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';
import { partsOptions, writeInParts } from './write-parts.ts';
import type { WritingParts } from './write-parts.ts';

type Async = (this: unknown, ...args: unknown[]) => Promise<unknown>;

const HANDLE_OPERATIONS: Readonly<Record<string, 'reads' | 'writes'>> = {
  read: 'reads',
  readv: 'reads',
  readFile: 'reads',
  stat: 'reads',
  appendFile: 'writes',
  chmod: 'writes',
  chown: 'writes',
  datasync: 'writes',
  sync: 'writes',
  truncate: 'writes',
  utimes: 'writes',
  write: 'writes',
  writeFile: 'writes',
  writev: 'writes',
};

/** Wraps node:fs/promises and the file handles that it gives. */
export function controlFilePromises(): void {
  const { promises } = process.getBuiltinModule('node:fs');
  const { toBuffer, native } = nativeParts(promises);
  for (const name of Object.keys(FILE_OPERATIONS))
    wrap(promises, name, (original) => oneEffect(name, original));
  wrap(promises, 'writeFile', (original) => writeFile(original as Async, () => ({ ...native(), toBuffer })));
  wrap(promises, 'open', (original) => openFile(original as Async));
}

let handleParts: Pick<WritingParts, 'write' | 'sync'> | null = null;

function nativeParts(promises: object): {
  readonly toBuffer: WritingParts['toBuffer'];
  readonly native: () => Omit<WritingParts, 'toBuffer'>;
} {
  const open = (promises as { open: WritingParts['open'] }).open.bind(promises);
  const native = (): Omit<WritingParts, 'toBuffer'> => ({
    // The first handle shows the prototype, before any of the target's own can be used.
    open: async (...args) => seen(await open(...args)),
    write: function write(this: FileHandle, ...args: Parameters<WritingParts['write']>) {
      const parts: Pick<WritingParts, 'write'> = handleParts ?? this;
      return parts.write.apply(this, args);
    },
    sync: function sync(this: FileHandle) {
      return (handleParts ?? this).sync.call(this);
    },
    close: function close(this: FileHandle) {
      return this.close();
    },
  });
  return { toBuffer: (data, encoding) => Buffer.from(data, encoding), native };
}

/** File handles have no public class: the first one that is opened shows it. */
function seen<T>(handle: T): T {
  if (handleParts === null && typeof handle === 'object' && handle !== null) {
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    const { write, sync } = prototype;
    handleParts = { write, sync };
    for (const name of Object.keys(HANDLE_OPERATIONS))
      wrap(prototype, name, (original) => handleOperation(name, original as Async));
  }
  return handle;
}

function oneEffect(name: string, original: AnyFunction): AnyFunction {
  return function heldFileOperation(this: unknown, ...args: unknown[]) {
    const isHandle = fileName(args[0]) !== null && !isPath(args[0]);
    if (!holding() || !(isPath(args[0]) || isHandle)) return original.apply(this, args);
    return heldOperation(wordsOf(name, args), () => original.apply(this, args) as Promise<unknown>);
  };
}

function writeFile(original: Async, parts: () => WritingParts): AnyFunction {
  return function heldWriteFile(this: unknown, ...args: unknown[]) {
    const [path, data, options] = args;
    if (!holding()) return original.apply(this, args);
    const inParts = isPath(path) ? partsOptions(data, options) : null;
    if (inParts !== null)
      return writeInParts(parts(), path, data as string | NodeJS.ArrayBufferView, inParts);
    const bytes = byteLength(data);
    const detail = bytes === null ? '' : `${String(bytes)} B`;
    const words = { kind: 'fs.writeFile', resource: fileName(path), writes: true, detail };
    return heldOperation(words, () => original.apply(this, args));
  };
}

function openFile(original: Async): AnyFunction {
  return async function heldOpen(this: unknown, ...args: unknown[]) {
    const run = async (): Promise<unknown> => {
      const handle = seen(await original.apply(this, args));
      fileOpened(handle, args[0]);
      // Each handle has its own.
      wrap(handle as object, 'close', (close) => closeHandle(close as Async));
      return handle;
    };
    return holding() && isPath(args[0])
      ? await heldOperation(wordsOfOpen(args[0], args[1]), run)
      : await run();
  };
}

function handleOperation(name: string, original: Async): AnyFunction {
  const writes = HANDLE_OPERATIONS[name] === 'writes';
  return function heldHandleOperation(this: unknown, ...args: unknown[]) {
    if (!holding()) return original.apply(this, args);
    const bytes =
      name === 'write' || name === 'writeFile' || name === 'appendFile' ? byteLength(args[0]) : null;
    const words: StepWords = {
      kind: `fs.${name}`,
      resource: fileName(this),
      writes,
      detail: bytes === null ? '' : `${String(bytes)} B`,
    };
    return heldOperation(words, () => original.apply(this, args));
  };
}

/** Closing has no order that anyone could see; that it is going on is known, so that nothing seems quiet meanwhile. */
function closeHandle(original: Async): AnyFunction {
  return function heldClose(this: unknown, ...args: unknown[]) {
    fileClosed(this);
    if (!holding()) return original.apply(this, args);
    beginWork();
    const closing = untouched(() => original.apply(this, args));
    closing.then(endWork, endWork);
    return closing;
  };
}
