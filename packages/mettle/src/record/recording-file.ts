import { accessSync, constants } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UsageError } from '../evidence/index.ts';
import { isAlive, makeFolder } from '../session/index.ts';
import { readJournal, RecordingJournal } from './recording-journal.ts';
import { mergeRecordings } from './recording.ts';
import type { Recording } from './recording.ts';

/** A merge takes milliseconds: whoever holds the lock longer has died. */
const STALE_LOCK_MS = 10_000;
const LOCK_RETRY_MS = 50;

/**
 * The file that a recording ends up in. While it goes on it is kept beside it, in a journal of this process's own, since a
 * client may run several servers at once and end them without warning; at the end it is added to what is there.
 */
export class RecordingFile {
  readonly path: string;
  readonly journal: RecordingJournal;

  private constructor(path: string, pid: number) {
    this.path = path;
    this.journal = new RecordingJournal(`${path}.${pid}.partial`);
  }

  /** Throws UsageError when there is a file that is no recording: a workload written by hand is not added to. */
  static async open(path: string, pid: number = process.pid): Promise<RecordingFile> {
    try {
      makeFolder(dirname(path));
      accessSync(dirname(path), constants.W_OK);
    } catch (error) {
      throw new UsageError(`The recording cannot be written to ${path}: ${(error as Error).message}`);
    }
    await readRecording(path);
    const file = new RecordingFile(path, pid);
    await file.#adoptOrphans();
    return file;
  }

  /** Adds the recording to what the file holds. */
  async finish(recording: Recording): Promise<void> {
    // Until it is in the file: another process may hold that for a moment, and the client may not wait.
    await this.journal.flush(recording.recording.startedAt, Infinity).catch(() => undefined);
    await this.#whileLocked(async () => {
      await this.#add(recording);
      await this.journal.remove();
    });
  }

  /** Recordings of processes that were killed before they could finish. */
  async #adoptOrphans(): Promise<void> {
    const folder = dirname(this.path);
    const form = new RegExp(`^${escape(basename(this.path))}\\.(\\d+)\\.partial$`);
    for (const name of await readdir(folder)) {
      const pid = Number(form.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(pid) || isAlive(pid)) continue;
      const journal = join(folder, name);
      await this.#whileLocked(async () => {
        // Another process may have taken it in meanwhile; and what cannot be read was never begun.
        const left = await readJournal(journal).catch(() => null);
        if (left !== null) await this.#add(left);
        await rm(journal, { force: true });
      });
    }
  }

  async #add(recording: Recording): Promise<void> {
    const before = await readRecording(this.path);
    await writeWhole(this.path, before === null ? recording : mergeRecordings(before, recording));
  }

  async #whileLocked(work: () => Promise<void>): Promise<void> {
    const lock = `${this.path}.lock`;
    await takeLock(lock);
    try {
      await work();
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

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
