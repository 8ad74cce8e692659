export type * from './options.ts';
export * from './trial-runner.ts';
export * from './scenario.ts';
