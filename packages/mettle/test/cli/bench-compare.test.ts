import { describe, expect, it } from 'vitest';
import { loadOptionsIn } from '../../src/cli/bench-options.ts';
import { passedOver } from '../../src/cli/commands/bench-compare.ts';

describe('a comparison for which a load was described', () => {
  it('says that it drives its own, and what says how long', () => {
    const given = { duration: '3s', connections: '10', save: 'base.json', tolerance: '5%' };
    expect(passedOver(loadOptionsIn(given), 60_000)).toEqual([
      '--duration, --connections have no effect here: comparisons, and runs to compare with, drive a load of their own at pairs of fresh processes, for at most 60 s (--budget).',
    ]);
    expect(passedOver(loadOptionsIn({ soak: true, against: 'base.json' }), 30_000)[0]).toContain(
      '--soak has no effect here',
    );
  });

  it('says nothing where none was', () => {
    expect(passedOver(loadOptionsIn({ save: 'base.json', history: 'runs.jsonl' }), 60_000)).toEqual([]);
  });
});
