export * from './frames.ts';
export * from './parallelism.ts';
export * from './percentiles.ts';
export * from './profile-view.ts';
export * from './queue-witness.ts';
export * from './stack-join.ts';
export * from './stretches.ts';
export * from './victims.ts';
