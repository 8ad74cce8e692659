import { rmSync } from 'node:fs';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import type { WorkloadState } from './workload.ts';

/** A throw-away copy of the state that a server may change. */
export interface WorkingCopy {
  /** Tells the server where the copy is. */
  readonly env: Readonly<Record<string, string>>;
  /** What `{dir}` stands for: the copied directory, or the directory that holds the copied file. */
  readonly dir: string;
  /** Deletes the copy. Idempotent. */
  remove(): Promise<void>;
}

/** Copies the workload's `state` into a fresh temporary directory. Throws UsageError when there is nothing to copy. */
export async function prepareWorkingCopy(state: WorkloadState): Promise<WorkingCopy> {
  const isDirectory = await stat(state.copy).then(
    (seen) => seen.isDirectory(),
    () => {
      throw new UsageError(
        `The workload's state.copy is ${state.copy}, and there is no such file or directory.`,
      );
    },
  );
  const dir = await mkdtemp(join(tmpdir(), 'mettle-state-'));
  // For an end of Mettle's that had no time to remove it.
  const removeNow = (): void => rmSync(dir, { recursive: true, force: true });
  process.once('exit', removeNow);
  const remove = async (): Promise<void> => {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    process.off('exit', removeNow);
  };
  const place = isDirectory ? dir : join(dir, basename(state.copy));
  try {
    // Links are followed: one that led back to the original would let the server change it.
    await cp(state.copy, place, { recursive: true, dereference: true });
  } catch (error) {
    await remove();
    throw new UsageError(
      `The workload's state.copy, ${state.copy}, cannot be copied: ${(error as Error).message}`,
    );
  }
  return { env: { [state.env]: place }, dir, remove };
}
