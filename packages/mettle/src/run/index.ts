export { detectors } from '../detect/index.ts';
export { attachAndWatch } from './attach.ts';
export { attachToMemory } from './attach-memory.ts';
export { examineAgainst, examineAlone } from './bench/baseline/examine.ts';
export { examineComparison } from './bench/compare/examine.ts';
export type { ComparisonRequest } from './bench/compare/examine.ts';
export { removeAllWorktrees } from './bench/compare/worktree.ts';
export { benchModule } from './bench/in-process/execute.ts';
export { benchmark } from './bench/execute.ts';
export type { BenchProgress, BenchSettings } from './bench/request.ts';
export { replayShape } from './bench/replay.ts';
export { readBundle, writeBundle } from './bundle.ts';
export { examineSnapshots } from './leak/compare-snapshots.ts';
export { race, RaceError } from './race/in-test/race.ts';
export { examineRace } from './race/examine-race.ts';
export { USUAL_RACE } from './race/race-settings.ts';
export { examine } from './execute.ts';
export type { Examined } from './execute.ts';
export { readFindingPage } from './finding-page-reader.ts';
export { isOnlyUnauthorised, probeBundle } from './probe-bundle.ts';
export type { Progress } from './progress.ts';
export { resultOf } from './result.ts';
export { sourceReader } from './source-reader.ts';

// What the command line needs of the layers below, which it may not import itself.
export { parseWorkload, readWorkload } from '../load/index.ts';
export type { ReplaySetting, Workload } from '../load/index.ts';
export {
  killAllStarted,
  makeFolder,
  namesInClientConfig,
  readClientConfig,
  TargetError,
} from '../session/index.ts';
