import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { duration, many } from '../leak-words.ts';

/** Intervals that calls start and nothing ever clears. */
export const intervalAccumulation: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'interval-accumulation',
  does: ({ growth }, occasion) =>
    `starts ${many(growth?.objectsPerCall ?? 1, 'interval')}${every(growth?.element.delayMs ?? null)} per ${occasion} and never clears ${growth?.objectsPerCall === 1 ? 'it' : 'them'}`,
  fix: () =>
    'Clear it when the call ends: `const timer = setInterval(tick, 1000); try { … } finally { clearInterval(timer); }`. When all calls need the same tick, start one interval at the top of the module and let calls join and leave it. `unref()` only lets the process end; the interval goes on, and so does its CPU time.',
  // Each also runs, for ever: CPU grows with memory.
  atLeast: 'medium',
});

function every(delayMs: number | null): string {
  return delayMs === null ? '' : ` (every ${delayMs < 1000 ? `${delayMs} ms` : duration(delayMs / 1000)})`;
}
