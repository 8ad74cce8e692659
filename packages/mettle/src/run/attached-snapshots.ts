import { relative } from 'node:path';
import type { ServingAgent } from '../collect/index.ts';
import { openHeapFile } from '../collect/heap-file.ts';
import { compareSnapshots, surveyOf } from '../derive/heap/comparison/index.ts';
import type { HeapSurvey } from '../derive/heap/comparison/index.ts';
import type { HeapComparisonEvidence, MemoryWatchEvidence } from '../evidence/index.ts';
import type { RunningProcess } from '../session/index.ts';
import { handOver } from './attached-process.ts';
import { readSnapshotFile } from './leak/snapshot-file.ts';

/** Two snapshots of a running server, the first of which is read while the server goes on. */
export interface SnapshotPair {
  readonly pauses: readonly MemoryWatchEvidence['pauses'][number][];
  takeFirst(): Promise<void>;
  /** Takes the second; what grew in between. */
  takeSecond(): Promise<HeapComparisonEvidence>;
  /** Deletes the file. */
  close(): Promise<void>;
}

/** Opens a private file that the server writes into and Mettle reads. `cwd`: the server's, to which places are relative. */
export async function openSnapshotPair(
  agent: ServingAgent,
  {
    target,
    cwd,
    heapUsedBytes,
    signal,
  }: {
    readonly target: RunningProcess;
    readonly cwd: string;
    readonly heapUsedBytes: number;
    readonly signal: AbortSignal;
  },
): Promise<SnapshotPair> {
  const file = await openHeapFile(heapUsedBytes);
  await handOver(target, file.path);
  const shownFile = (path: string): string => (path.startsWith(`${cwd}/`) ? relative(cwd, path) : path);
  const pauses: MemoryWatchEvidence['pauses'][number][] = [];
  let survey: HeapSurvey | null = null;
  const take = async <T>(use: (snapshot: Awaited<ReturnType<typeof readSnapshotFile>>) => T): Promise<T> => {
    const { pauseMs } = await agent.heap({ ask: 'snapshot', file: file.path, numbers: false });
    pauses.push({ what: 'snapshot', ms: pauseMs });
    try {
      return use(await readSnapshotFile({ path: file.path, shown: 'The heap snapshot' }, () => {}, signal));
    } finally {
      file.empty();
    }
  };
  return {
    pauses,
    async takeFirst() {
      survey = await take((snapshot) => surveyOf(snapshot, shownFile));
    },
    async takeSecond() {
      if (survey === null) throw new Error('the first snapshot was not taken');
      const before = survey;
      const { reversed: _, ...compared } = await take((snapshot) =>
        compareSnapshots(before, snapshot, shownFile, 'of-one-process'),
      );
      return {
        ...compared,
        before: { ...compared.before, file: 'first snapshot' },
        after: { ...compared.after, file: 'second snapshot' },
      };
    },
    close: () => file.remove(),
  };
}
