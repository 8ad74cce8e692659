import { relative } from 'node:path';
import { compareSnapshots, surveyOf } from '../../derive/heap/comparison/index.ts';
import { UsageError } from '../../evidence/index.ts';
import type { Bundle, HeapComparisonEvidence } from '../../evidence/index.ts';
import type { Examined } from '../execute.ts';
import type { Progress } from '../progress.ts';
import { readSnapshotFile, snapshotFileBytes } from './snapshot-file.ts';

/** Two files to be compared. */
export interface SnapshotFiles {
  /** Absolute. */
  readonly before: string;
  readonly after: string;
  /** Paths in the snapshots are shown relative to it. */
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface SnapshotsRequest extends SnapshotFiles {
  /** As typed, secrets redacted. */
  readonly command: string;
  readonly mettle: string;
}

/** Why there is no other evidence: for the verdicts. */
const NOTHING_CALLED = 'two snapshots were compared and nothing was called: `mettle leak -- COMMAND` does';
/** Reading and making sense of a snapshot takes about so long, by byte; for the progress only. */
const BYTES_PER_MS = 50_000;

/** The run of `mettle leak --compare`. Throws UsageError for files that are no snapshots. */
export async function examineSnapshots(request: SnapshotsRequest): Promise<Examined> {
  const startedAt = new Date();
  const heapComparison = await compareSnapshotFiles(request);
  const bundle: Bundle = {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: request.mettle,
      node: process.version,
      examination: 'leak',
      command: request.command,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      present: ['heapComparison'],
      absent: { heapGrowth: NOTHING_CALLED, target: NOTHING_CALLED },
      notes: heapComparison.unknown,
    },
    evidence: { heapComparison },
  };
  return { bundle, targetFault: null };
}

/**
 * Compares two snapshot files, whoever took them. The first is given up, but for a few bytes per object, before the
 * second is read.
 */
async function compareSnapshotFiles(files: SnapshotFiles): Promise<HeapComparisonEvidence> {
  const { cwd, signal, onProgress } = files;
  if (files.before === files.after)
    throw new UsageError('--compare was given one file twice: name the earlier and the later snapshot.');
  const first = { path: files.before, shown: relative(cwd, files.before) };
  const second = { path: files.after, shown: relative(cwd, files.after) };
  const sizes = [await snapshotFileBytes(first), await snapshotFileBytes(second)] as const;
  const total = sizes[0] + sizes[1];
  const tell =
    (title: string, from: number) =>
    (bytes: number): void =>
      onProgress({
        title,
        subject: null,
        calls: 0,
        done: (from + bytes) / total,
        remainingMs: (total - from - bytes) / BYTES_PER_MS,
      });
  const shownFile = (file: string): string => shownIn(cwd, file);
  const survey = surveyOf(
    await readSnapshotFile(first, tell('reading the first snapshot', 0), signal),
    shownFile,
  );
  const later = await readSnapshotFile(second, tell('reading the second snapshot', sizes[0]), signal);
  const { reversed, before, after, ...comparison } = compareSnapshots(survey, later, shownFile);
  if (reversed)
    throw new UsageError(
      `${first.shown} was taken after ${second.shown}, by the ids in them: give the earlier one first.`,
    );
  return {
    ...comparison,
    before: { ...before, file: first.shown },
    after: { ...after, file: second.shown },
  };
}

/** A snapshot may be of another machine: only what lies below the folder is shown relative to it. */
function shownIn(cwd: string, file: string): string {
  const modules = file.lastIndexOf('/node_modules/');
  if (modules >= 0) return file.slice(modules + 1);
  return file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file;
}
