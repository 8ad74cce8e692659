export { readCatalogue } from './catalogue.ts';
export { readClientConfig } from './client-config.ts';
export { monotonicMs } from './clock.ts';
export { openSession } from './open.ts';
export { openProcessClock } from './process-clock.ts';
export type { ProcessClock } from './process-clock.ts';
export * from './session.ts';
export { killAllStarted } from './started-process.ts';
