import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HeapTraps } from '../../../src/agent/heap-traps.ts';
import { timersOf } from '../../../src/run/leak/live-sites.ts';

const HERE = fileURLToPath(import.meta.url);

function waitShortly(): NodeJS.Timeout {
  return setTimeout(() => undefined, 2).unref();
}
function giveUpLate(): NodeJS.Timeout {
  return setTimeout(() => undefined, 3_600_000).unref();
}

describe('where a timer that stays was set', () => {
  it('is told from where the same calls set a timer that has run, though nobody said yet that it has', () => {
    const traps = new HeapTraps();
    traps.followResources();
    const timers = [1, 2, 3].flatMap(() => [waitShortly(), waitShortly(), giveUpLate()]);
    const made = traps.take();
    traps.removeAll();
    for (const timer of timers) clearTimeout(timer);
    const functionsOf = (delayMs: number | null): readonly (string | undefined)[] =>
      timersOf(made, delayMs).map(({ stack }) => stack.find(({ file }) => file === HERE)?.function);
    expect(functionsOf(3_600_000)).toEqual(['giveUpLate', 'giveUpLate', 'giveUpLate']);
    expect(functionsOf(3_500_000), 'one that was set to a time with some chance in it').toHaveLength(3);
    expect(functionsOf(null)).toHaveLength(9);
  });
});
