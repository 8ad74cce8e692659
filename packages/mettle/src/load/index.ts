export type { CallSource, LoadContext } from './load.ts';
export { findReadable } from './readable.ts';
export { nextCall } from './call-numbers.ts';
export { isSuccess } from './outcomes.ts';
export { setupRequests } from './sources.ts';
export { planSubjects, type SubjectPlanning } from './subjects.ts';
export { prepareWorkingCopy, type WorkingCopy } from './working-copy.ts';
export { parseWorkload, readWorkload, type Workload } from './workload.ts';

// Load shapes.
export { runBatches } from './profiles/batches.ts';
export { runMixed } from './profiles/mixed.ts';
export { runSolo } from './profiles/solo.ts';
