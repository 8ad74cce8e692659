import type { FileHandle } from 'node:fs/promises';
import { byteLength, wordsOfOpen } from './file-operations.ts';
import { fileName } from './file-names.ts';
import { beginPoolJob, beginWork, endPoolJob, endWork, gate, heldEffect } from './held-steps.ts';
import type { StepWords } from './held-steps.ts';
import { untouched } from './lane.ts';
import { callSite } from './sites.ts';

/** Bytes that one write of fs.promises.writeFile has, at most (Node's kWriteFileMaxChunkSize). */
const CHUNK_BYTES = 512 * 1024;

/** The functions of Node that it takes, unwrapped. */
export interface WritingParts {
  readonly open: (path: never, flags?: string | number, mode?: never) => Promise<FileHandle>;
  readonly write: (
    this: FileHandle,
    bytes: Buffer,
    offset: number,
    length: number,
  ) => Promise<{ readonly bytesWritten: number }>;
  readonly sync: FileHandle['sync'];
  readonly close: FileHandle['close'];
  readonly toBuffer: (data: string, encoding: BufferEncoding) => Buffer;
}

interface WriteOptions {
  readonly encoding?: BufferEncoding | null;
  readonly mode?: unknown;
  readonly flag?: string | number;
  readonly flush?: boolean;
  readonly signal?: unknown;
}

/** The options of a writeFile whose parts can be taken one by one; null when it is left to Node. */
export function partsOptions(data: unknown, options: unknown): WriteOptions | null {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) return null;
  if (options === undefined || options === null) return {};
  if (typeof options === 'string') return Buffer.isEncoding(options) ? { encoding: options } : null;
  if (typeof options !== 'object') return null;
  const given = options as WriteOptions;
  const encoding = given.encoding ?? 'utf8';
  return given.signal === undefined && Buffer.isEncoding(encoding) ? given : null;
}

/**
 * Writes a file as Node does it: opened, which empties it, written piece by piece, done. Each is a step, so that others
 * can come between.
 */
export async function writeInParts(
  parts: WritingParts,
  path: unknown,
  data: string | NodeJS.ArrayBufferView,
  options: WriteOptions,
  chunkBytes: number = CHUNK_BYTES,
): Promise<void> {
  const site = callSite();
  const resource = fileName(path);
  const bytes =
    typeof data === 'string'
      ? parts.toBuffer(data, options.encoding ?? 'utf8')
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const words: StepWords = { kind: 'fs.writeFile', resource, writes: false, site };
  beginPoolJob();
  try {
    const handle = await heldEffect({ ...wordsOfOpen(path, options.flag ?? 'w'), site }, () =>
      parts.open(path as never, options.flag ?? 'w', (options.mode ?? 0o666) as never),
    );
    try {
      for (let from = 0; from < bytes.length || from === 0; from += chunkBytes) {
        const piece = bytes.subarray(from, from + chunkBytes);
        const detail = `${String(byteLength(piece))} B`;
        if (piece.length > 0)
          await heldEffect({ kind: 'fs.write', resource, writes: true, detail, site }, () =>
            writeAll(parts, handle, piece),
          );
      }
      if (options.flush === true) await parts.sync.call(handle);
    } finally {
      await closeQuietly(parts, handle);
    }
  } finally {
    endPoolJob();
    await gate(words, { phase: 'delivery' });
  }
}

async function writeAll(parts: WritingParts, handle: FileHandle, piece: Buffer): Promise<void> {
  for (let done = 0; done < piece.length;)
    done += (await parts.write.call(handle, piece, done, piece.length - done)).bytesWritten;
}

/** Closing has no order that anyone could see. */
async function closeQuietly(parts: WritingParts, handle: FileHandle): Promise<void> {
  beginWork();
  try {
    await untouched(() => parts.close.call(handle));
  } finally {
    endWork();
  }
}
