import { describe, expect, it } from 'vitest';
import type { leakDetector } from '../../../src/detect/leak-finding.ts';
import { collectionLeak } from '../../../src/detect/detectors/collection-leak.ts';
import { handleLeak } from '../../../src/detect/detectors/handle-leak.ts';
import { timerLeak } from '../../../src/detect/detectors/timer-leak.ts';
import { leakRun } from '../../builders/heap.ts';

type Evidence = Parameters<ReturnType<typeof leakDetector>['detect']>[0];

/** Calls of one tool that leave nothing behind, counted in so many rounds. */
function quiet(fresh: number, by: 'snapshot' | 'sampling' = 'snapshot'): Evidence {
  const evidence = leakRun().calls('open').evidence();
  const { rounds } = evidence.heapGrowth;
  const kept = rounds.filter(({ kind }, i) => kind !== 'fresh' || i <= fresh);
  return { ...evidence, heapGrowth: { ...evidence.heapGrowth, rounds: kept, by } };
}

describe('a pattern is not called clear', () => {
  it('when it shows in the numbers of several rounds and there was time for one', () => {
    expect(timerLeak.blind?.(quiet(1))).toBe('calls were counted in one round only, for want of time');
    expect(handleLeak.blind?.(quiet(1))).toMatch(/one round only/);
    expect(collectionLeak.blind?.(quiet(1))).toBeNull();
    expect(timerLeak.blind?.(quiet(2))).toBeNull();
  });

  it('when a sampling heap profile was taken, which does not have it', () => {
    expect(handleLeak.blind?.(quiet(3, 'sampling'))).toBe(
      'a sampling heap profile has neither buffers nor handles',
    );
    expect(collectionLeak.blind?.(quiet(3, 'sampling'))).toBeNull();
  });

  it('as long as anything grew of which it is not known whether it ends, whatever that is', () => {
    const evidence = leakRun()
      .calls('open')
      .grows({ bytesPerCall: 900, bound: { kind: 'undecided', why: 'the time was used up' } })
      .evidence();
    for (const detector of [collectionLeak, timerLeak, handleLeak]) {
      expect(detector.detect(evidence)).toEqual([]);
      expect(detector.blind?.(evidence)).toMatch(/^whether one growth ends could not be decided in the time/);
    }
  });

  it('as long as something grew in each round and there was no time to see whose calls make it grow', () => {
    const why = 'there was no time to call each tool alone';
    const { heapGrowth, target } = leakRun()
      .calls('open')
      .grows({ proof: 'none', bound: { kind: 'undecided', why } })
      .evidence();
    const growths = heapGrowth.growths.map((growth) => ({ ...growth, subject: null }));
    const evidence = { target, heapGrowth: { ...heapGrowth, growths } };
    expect(collectionLeak.detect(evidence)).toEqual([]);
    expect(collectionLeak.blind?.(evidence)).toContain(why);
  });
});
