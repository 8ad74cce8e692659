import { describe, expect, test } from 'vitest';
import { risingMemory } from '../../src/detect/detectors/rising-memory.ts';
import type { DetectorInput, MemoryWatchEvidence } from '../../src/evidence/index.ts';
import { memoryWatch } from '../builders/memory-watch.ts';
import { server } from '../builders/server.ts';

const EVENLY = [5, 4, 6, 5, 4, 5, 6, 5];

function seen(watch: MemoryWatchEvidence): DetectorInput<'memoryWatch' | 'target'> {
  return { target: server().evidence().target, memoryWatch: watch };
}

describe('rising-memory', () => {
  test('a heap that is larger after each collection is measured, with the function that allocates what stays', () => {
    const watch = memoryWatch()
      .rises({ heap: 6e6 })
      .keeps('remember', 'src/orders.js:12', EVENLY, 5.6e6)
      .watch();
    const [finding, ...others] = risingMemory.detect(seen(watch));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: 'rising-memory',
      severity: 'medium',
      confidence: 'measured',
      location: { file: expect.stringContaining('src/orders.js'), line: 12, function: 'remember' },
      cost: { unit: 'bytes', per: 'second' },
    });
    expect(finding?.title).toMatch(
      /^The heap rises by 5\.9\d MiB a minute while clients use the server, 93 % of it allocated in `remember` at src\/orders\.js:12; at this rate V8’s heap limit of 2 GiB is reached in 6 h$/,
    );
  });

  test.each([
    ['stays', memoryWatch().rises({})],
    ['scatters', memoryWatch().rises({ scatter: 2e6 })],
    ['rises by less than readings scatter', memoryWatch().rises({ heap: 300_000, scatter: 120_000 })],
    ['has filled a cache in the first half', memoryWatch().rises({ heap: 6e6, until: 0.4 })],
  ])('a heap that %s is clear', (_name, told) => {
    const evidence = seen(told.watch());
    expect(risingMemory.detect(evidence)).toEqual([]);
    expect(risingMemory.blind?.(evidence)).toBeNull();
    expect(risingMemory.looked(evidence)).toMatch(/^60\.0 s with 1,200 calls .* after 16 full collections/);
  });

  test.each([
    ['is made once', [40, 2, 0, 0, 0, 0, 0, 0]],
    ['is let go after a while', [0, 0, 0, 0, 0, 2, 20, 30]],
    ['was seen too seldom', [1, 1, 0, 1, 1, 0, 1, 1]],
  ])('a function is not named for what %s', (_name, births) => {
    const watch = memoryWatch().rises({ heap: 6e6 }).keeps('load', 'src/load.js:3', births, 5e6).watch();
    const [finding] = risingMemory.detect(seen(watch));
    expect(finding).toMatchObject({ id: 'rising-memory' });
    expect(finding?.location).toBeUndefined();
  });

  test('what grows outside the heap is told apart, and native memory is only suspected', () => {
    const external = risingMemory.detect(seen(memoryWatch().rises({ external: 20e6 }).watch()));
    expect(external.map(({ title, confidence }) => [title.slice(0, 33), confidence])).toEqual([
      ['Memory outside the heap (buffers)', 'measured'],
    ]);
    const native = risingMemory.detect(seen(memoryWatch().rises({ native: 40e6 }).watch()));
    expect(native.map(({ title, confidence }) => [title.slice(0, 13), confidence])).toEqual([
      ['Native memory', 'suspected'],
    ]);
  });

  test('with too few collections growth cannot be told from garbage, and without calls nothing was in use', () => {
    const few = seen(memoryWatch(7).rises({ heap: 9e6 }).watch());
    expect(risingMemory.detect(few)).toEqual([]);
    expect(risingMemory.blind?.(few)).toContain('7 times in the 60.0 s');
    // 58 seconds of sampling: (40 samples + two standard deviations + 3) × 64 KiB.
    const quiet = memoryWatch(1)
      .keeps('remember', 'src/orders.js:12', EVENLY, 40 * 65_536)
      .watch();
    expect(risingMemory.blind?.(seen(quiet))).toMatch(
      /; of what was allocated meanwhile, 2\.5 MiB was alive at the end, so that the heap grew by 3\.6 MiB a minute at most; buffers went from /,
    );
    expect(risingMemory.blind?.(seen({ ...quiet, sampling: null }))).not.toContain('at most');
    expect(risingMemory.blind?.(seen(memoryWatch().calls(0).watch()))).toContain('no client called anything');
  });
});
