import { closeSync, openSync, rmSync, statfsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../session/index.ts';

/** A file that holds one snapshot at a time: readable by its owner alone, in a folder of its own, gone with the run. */
export interface HeapFile {
  readonly path: string;
  /** Takes what was written away, so that nothing of the server's memory lies about longer than it is read. */
  empty(): void;
  /** Deletes file and folder. Idempotent, never throws. */
  remove(): Promise<void>;
}

/** Memory, not a disk: what a server holds in its heap may be secret. */
const MEMORY_FOLDER = '/dev/shm';
/** A snapshot as text is about twice the heap; room for that, and for others. */
const ROOM_PER_HEAP_BYTE = 4;
const PREFIX = 'mettle-heap-';
const FILE = 'server.heapsnapshot';
/** No run writes nothing for so long. A process may also be unknown here because another container shares the folder. */
const ABANDONED_MS = 3_600_000;

/** Opens the file: in memory where there is such a folder with room, else in the folder for temporary files. */
export async function openHeapFile(heapBytes: number): Promise<HeapFile> {
  const parent = hasRoom(MEMORY_FOLDER, heapBytes * ROOM_PER_HEAP_BYTE) ? MEMORY_FOLDER : tmpdir();
  await removeAbandoned(parent);
  // mkdtemp gives it to its owner alone.
  const folder = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  const path = join(folder, FILE);
  const removeNow = (): void => rmSync(folder, { recursive: true, force: true });
  // For an end of Mettle's that had no time to remove it.
  process.once('exit', removeNow);
  const empty = (): void => closeSync(openSync(path, 'w', 0o600));
  empty();
  return {
    path,
    empty,
    async remove() {
      await rm(folder, { recursive: true, force: true }).catch(() => {});
      process.off('exit', removeNow);
    },
  };
}

/** Folders of runs that were killed outright: nobody else would ever remove what they hold of a server's memory. */
async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const pid = Number(
      /^(\d+)-/.exec(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '')?.[1] ?? Number.NaN,
    );
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const folder = join(parent, name);
    const ages = [folder, join(folder, FILE)].map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    );
    if (Date.now() - Math.max(...(await Promise.all(ages))) < ABANDONED_MS) continue;
    // Another user's stays.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > bytes;
  } catch {
    return false;
  }
}
