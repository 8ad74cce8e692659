export { offload } from './offload.ts';
export type { OffloadedFunction } from './offload.ts';
export { closePools, createPool } from './pool.ts';
export type { Offloaded, Pool, PoolOptions, PoolStats, TaskOptions, ThreadFunction } from './pool.ts';
export { transfer } from './transfer.ts';
