export * from './bounds.ts';
export * from './judge.ts';
export * from './thresholds.ts';
