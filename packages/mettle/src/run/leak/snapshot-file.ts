import { open, stat } from 'node:fs/promises';
import { SnapshotError, SnapshotReader } from '../../derive/heap/index.ts';
import type { HeapSnapshot } from '../../derive/heap/index.ts';
import { UsageError } from '../../evidence/index.ts';

/** Large enough that reading costs no calls, small beside what is kept. */
const CHUNK_BYTES = 1 << 20;
/** Tells how far it is, in bytes. */
export type OnRead = (bytes: number) => void;

/** A file, and how it is called to the user. */
export interface SnapshotFile {
  readonly path: string;
  readonly shown: string;
}

/** The size of a file that can be read as a snapshot. Throws UsageError when it is none. */
export async function snapshotFileBytes({ path, shown }: SnapshotFile): Promise<number> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${shown} cannot be read (${error.code ?? error.message}).`);
  });
  if (!facts.isFile()) throw new UsageError(`${shown} is not a file: name a .heapsnapshot.`);
  return facts.size;
}

/** Reads a snapshot file over one buffer. Throws UsageError with one sentence on what is wrong with the file. */
export async function readSnapshotFile(
  { path, shown }: SnapshotFile,
  onRead: OnRead,
  signal: AbortSignal,
): Promise<HeapSnapshot> {
  const reader = new SnapshotReader();
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let total = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      reader.write(buffer.subarray(0, bytesRead));
      total += bytesRead;
      onRead(total);
    }
    return reader.end();
  } catch (error) {
    if (error instanceof SnapshotError) throw new UsageError(`${shown}: ${error.message}.`);
    throw error;
  } finally {
    await handle.close();
  }
}
