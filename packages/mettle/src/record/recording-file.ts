import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UsageError } from '../evidence/index.ts';
import { mergeRecordings } from './recording.ts';
import type { Recording } from './recording.ts';

/** A merge takes milliseconds: whoever holds the lock longer has died. */
const STALE_LOCK_MS = 10_000;
const LOCK_RETRY_MS = 50;

/**
 * The file that a recording ends up in. While it goes on it is kept beside it, in a file of this process's own, since a
 * client may run several servers at once and end them without warning; at the end it is added to what is there.
 */
export class RecordingFile {
  readonly path: string;
  readonly #partial: string;

  private constructor(path: string, pid: number) {
    this.path = path;
    this.#partial = `${path}.${pid}.partial`;
  }

  /** Throws UsageError when there is a file that is no recording: a workload written by hand is not added to. */
  static async open(path: string, pid: number = process.pid): Promise<RecordingFile> {
    await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
      throw new UsageError(`The recording cannot be written to ${path}: ${error.message}`);
    });
    await readRecording(path);
    const file = new RecordingFile(path, pid);
    await file.#adoptOrphans();
    return file;
  }

  /** Keeps what there is so far. */
  async save(recording: Recording): Promise<void> {
    await writeWhole(this.#partial, recording);
  }

  /** Adds the recording to what the file holds. */
  async finish(recording: Recording): Promise<void> {
    await this.save(recording);
    await this.#merge(this.#partial);
  }

  /** Recordings of processes that were killed before they could finish. */
  async #adoptOrphans(): Promise<void> {
    const folder = dirname(this.path);
    const form = new RegExp(`^${escape(basename(this.path))}\\.(\\d+)\\.partial$`);
    for (const name of await readdir(folder)) {
      const pid = Number(form.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(pid) || isAlive(pid)) continue;
      // A partial that cannot be read was never whole: nothing to keep.
      await this.#merge(join(folder, name)).catch(() => rm(join(folder, name), { force: true }));
    }
  }

  async #merge(partial: string): Promise<void> {
    const lock = `${this.path}.lock`;
    await takeLock(lock);
    try {
      const mine = await readRecording(partial);
      if (mine === null) return;
      const before = await readRecording(this.path);
      await writeWhole(this.path, before === null ? mine : mergeRecordings(before, mine));
      await rm(partial, { force: true });
    } finally {
      await rmdir(lock).catch(() => undefined);
    }
  }
}

async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const made = await stat(lock).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > STALE_LOCK_MS) await rmdir(lock).catch(() => undefined);
    else await pause(LOCK_RETRY_MS);
  }
}

/** Null when there is no such file. Throws UsageError when it holds something else. */
async function readRecording(path: string): Promise<Recording | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UsageError(`The recording ${path} cannot be read: ${(error as Error).message}`);
  }
  const fail = (): never => {
    throw new UsageError(
      `${path} holds something that is no recording of mettle record, and is left as it is: name another file with --out FILE.`,
    );
  };
  let value: Partial<Recording> | null;
  try {
    value = JSON.parse(text) as Partial<Recording> | null;
  } catch {
    return fail();
  }
  const isRecording =
    value?.schema === 'mettle/workload@1' &&
    Array.isArray(value.calls) &&
    Array.isArray(value.recording?.timeline);
  return isRecording ? (value as Recording) : fail();
}

/** One call a line: a recording is to be looked through, and trimmed, by a person. */
export function formatRecording({ calls, recording, ...rest }: Recording): string {
  const { timeline, ...facts } = recording;
  const rows = (values: readonly unknown[]): string =>
    values.length === 0 ? '[]' : `[\n${values.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]`;
  const parts = [
    ...Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`),
    `  "calls": ${rows(calls)}`,
    `  "recording": ${JSON.stringify(facts).slice(0, -1)},"timeline": ${rows(timeline)}}`,
  ];
  return `{\n${parts.join(',\n')}\n}\n`;
}

async function writeWhole(path: string, recording: Recording): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, formatRecording(recording), { mode: 0o600 });
  await rename(beside, path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
