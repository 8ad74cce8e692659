export { callsBehind } from './calls-behind.ts';
export { endingGrowthsOf, leaksOf, responsible, slightLeaksOf, undecidedOf, type Leak } from './leaks.ts';
export type { LeakPattern } from './pattern.ts';
export { exhaustionOf } from './time-to-limit.ts';
