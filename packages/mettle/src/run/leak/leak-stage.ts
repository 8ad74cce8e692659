import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectHeapGrowth } from '../../collect/index.ts';
import type { ServingAgent } from '../../collect/index.ts';
import type { Home } from '../../derive/index.ts';
import type { HeapGrowthEvidence, TargetSpec } from '../../evidence/index.ts';
import type { CallSource, Workload } from '../../load/index.ts';
import { monotonicMs } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import type { FetchScripts, SourceLibrary } from '../source-library.ts';
import { atOriginalPlaces, stacksIn } from './original-heap-places.ts';
import { chooseDrivers } from './choose-drivers.ts';
import { examineHeap } from './examine-heap.ts';
import type { HeapExamination } from './examine-heap.ts';
import { sampleHeap } from './sample-heap.ts';
import { SnapshotsRefused } from './snapshot-guard.ts';

export interface LeakStageSetting {
  readonly session: Session;
  readonly agent: ServingAgent;
  readonly spec: TargetSpec;
  readonly sources: readonly CallSource[];
  readonly workload: Workload | null;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
  readonly budgetMs: number;
  /** What may be used on top where nothing could be said otherwise. */
  readonly onTopMs: number;
  /** The clock by which its time is kept; the machine's by default. */
  readonly now?: () => number;
  /** What gives the examination more time, for people. */
  readonly lookLonger: string;
  readonly home: Home;
  readonly library: SourceLibrary;
  readonly fetch: FetchScripts | null;
  readonly onProgress: (progress: {
    readonly subject: string | null;
    readonly done: number;
    readonly calls: number;
  }) => void;
}

/** Of the time, for trying what can be called. */
const TRYING = 0.25;

/** Examines the heap of a server that is killed afterwards; places are those that people wrote. */
export async function leakStage(setting: LeakStageSetting): Promise<HeapGrowthEvidence> {
  const { session, agent, seed, signal, budgetMs, home } = setting;
  const now = setting.now ?? monotonicMs;
  const startedAtMs = now();
  const chosen = await chooseDrivers({ ...setting, untilMs: monotonicMs() + budgetMs * TRYING });
  const recording = await collectHeapGrowth.start(agent);
  try {
    const options = {
      recording,
      drivers: chosen.drivers,
      callMs: chosen.callMs,
      seed,
      looksAtNative: true,
      signal,
      untilMs: startedAtMs + budgetMs,
      onTopMs: setting.onTopMs,
      now,
      onCall: (subject: string, calls: number) =>
        setting.onProgress({ subject, calls, done: (now() - startedAtMs) / budgetMs }),
      // Shown as people know them once all places are known.
      shownFile: (file: string) => file,
      isOurs,
      lookLonger: setting.lookLonger,
      hasDied: () => (session.process?.exit ?? null) !== null,
      notCovered: chosen.notCovered,
    };
    const evidence = await examineOrSample(options);
    const { library } = setting;
    await library.learnStacks(stacksIn(evidence), setting.fetch);
    return withUnanswered(atOriginalPlaces(evidence, library, home), chosen.unanswered);
  } finally {
    await recording.stop();
  }
}

/** By snapshots, unless they are refused, before the first or after it. */
async function examineOrSample(options: HeapExamination): Promise<HeapGrowthEvidence> {
  try {
    return await examineHeap(options);
  } catch (error) {
    if (!(error instanceof SnapshotsRefused)) throw error;
    return sampleHeap({ ...options, whySampling: error.message, native: error.native });
  }
}

function withUnanswered(
  evidence: HeapGrowthEvidence,
  unanswered: Awaited<ReturnType<typeof chooseDrivers>>['unanswered'],
): HeapGrowthEvidence {
  return {
    ...evidence,
    subjects: [
      ...evidence.subjects,
      ...unanswered.map((one) => ({
        ...one,
        kind: 'tool' as const,
        manner: 'answered' as const,
        freshArguments: false,
      })),
    ],
  };
}

/** Mettle's own code in the server: src or dist of this package. */
const OWN_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function isOurs(file: string): boolean {
  return /[/\\](?:src|dist)[/\\]agent[/\\]/.test(file) && file.startsWith(dirname(OWN_FOLDER));
}
