export { createExclusive, exclusive } from './exclusive.ts';
export type { Exclusive, ExclusiveOptions } from './exclusive.ts';
