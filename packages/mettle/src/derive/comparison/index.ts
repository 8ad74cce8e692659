export * from './bounds.ts';
export * from './judge.ts';
export * from './thresholds.ts';
export * from './moved.ts';
export * from './summary.ts';
export * from './history.ts';
