export type * from './options.ts';
export * from './trial-runner.ts';
