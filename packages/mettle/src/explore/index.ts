export * from './explore.ts';
export type * from './options.ts';
export * from './replay.ts';
export * from './scenario.ts';
export * from './trial-runner.ts';
export * from './trials/index.ts';
