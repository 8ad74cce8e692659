import type { Detector } from '../../evidence/index.ts';
import { leakDetector } from '../leak-finding.ts';
import { duration, many } from '../leak-words.ts';

/** Timers that outlive their call by far, and keep what the call made. */
export const timerLeak: Detector<'heapGrowth' | 'target'> = leakDetector({
  id: 'timer-leak',
  does: ({ growth, handles }, occasion) =>
    `leaves ${many(growth?.objectsPerCall ?? handles[0]?.perCall ?? 1, 'timer')} pending per ${occasion}${longFor(growth?.element.delayMs ?? null)}`,
  fix: () =>
    'Clear the timer when what it guards is done: `const timer = setTimeout(giveUp, ms); try { return await work; } finally { clearTimeout(timer); }`. `Promise.race` does not do that: the loser goes on waiting. Or let `AbortSignal.timeout(ms)` be the deadline, and give timers that must stay only what they need, not the call’s data.',
});

function longFor(delayMs: number | null): string {
  return delayMs === null ? '' : `, for ${duration(delayMs / 1000)} each`;
}
