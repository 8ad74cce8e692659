export { LEAST_GROWTH_BYTES, LEAST_LEVELS, levelTrend, timeToLimit } from './levels.ts';
export type { LevelTrend, MemoryKind } from './levels.ts';
export { growingSites, LEAST_SAMPLES } from './sites.ts';
export type { GrowingSite } from './sites.ts';
export { survivorsOf } from './survivors.ts';
