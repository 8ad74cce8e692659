export type { CallSource, LoadContext } from './load.ts';
export { existingFiles } from './existing-files.ts';
export type { ExistingFile } from './existing-files.ts';
export { findReadable } from './readable.ts';
export { nextCall } from './call-numbers.ts';
export { namesakes } from './namesakes.ts';
export { failureOf, isSuccess } from './outcomes.ts';
export { requestOf, setupRequests } from './sources.ts';
export { planSubjects, type SubjectPlanning } from './subjects.ts';
export { prepareWorkingCopy, type WorkingCopy } from './working-copy.ts';
export { parseWorkload, readWorkload, type Workload } from './workload.ts';

// The driver of benchmarks.
export { measureBlock, type BlockOptions, type LiveFigures } from './drive/block.ts';
export { openDriver, type Driver, type InsideWatch } from './drive/driver.ts';
export { createMix, type Mix } from './drive/mix.ts';
export { ReplayLog } from './replay/lanes.ts';
export { overlappingCalls } from './replay/overlaps.ts';
export { scheduleReplay, type ReplaySchedule, type ReplaySetting } from './replay/schedule.ts';

// Load shapes.
export { runBatches } from './profiles/batches.ts';
export { runMixed } from './profiles/mixed.ts';
export { runReplayed } from './profiles/replayed.ts';
export { runSolo } from './profiles/solo.ts';

// Two versions in turns.
export { runPairedTurns } from './paired/paired-turns.ts';
export type { PairedSide } from './paired/turn.ts';
export { warmUp } from './paired/warm-up.ts';

// Rounds of calls that tell by their numbers whose calls make something grow.
export {
  answeredDriver,
  cancelledDriver,
  failedDriver,
  failingDriver,
  sessionDriver,
  type LeakDriver,
} from './leak/drivers.ts';
export type { DriverTally } from './leak/rounds.ts';
export { sessionLives } from './leak/session-lives.ts';
