import { describe, expect, test } from 'vitest';
import { heapGrowth } from '../../src/detect/detectors/heap-growth.ts';
import { server } from '../builders/server.ts';
import { addSessions, comparedHeaps, grownSessions, sessionServer } from '../builders/compared-heaps.ts';

describe('heap-growth', () => {
  test('a collection that holds more is measured in one process, and never reproduced', () => {
    const [finding, ...others] = heapGrowth.detect({ heapComparison: grownSessions(100) });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: 'heap-growth',
      severity: 'medium',
      confidence: 'measured',
      title:
        'Map "sessions" of module dist/sessions.js holds 100 more Session, 105 KiB in all, made since the first snapshot and alive at the second',
      location: { file: '/srv/dist/sessions.js', line: 12 },
      cost: { value: 107_200, unit: 'bytes', per: 'run' },
    });
    expect(finding?.fix).toContain('Whether it goes on two snapshots do not tell');
    expect(finding?.verify.command).toBe(
      'npx mettle leak --compare before.heapsnapshot after.heapsnapshot --fail-on heap-growth',
    );
  });

  test('in different processes it is suspected, and low', () => {
    const [before, after] = [sessionServer(300), sessionServer(301)];
    addSessions(before.heap, before.sessions, 20);
    addSessions(after.heap, after.sessions, 120);
    const [finding] = heapGrowth.detect({ heapComparison: comparedHeaps(before.heap, after.heap) });
    expect(finding).toMatchObject({ confidence: 'suspected', severity: 'low' });
    expect(finding?.title).toContain('more than in the other process');
  });

  test('a few elements, or a few bytes, are what any server gains', () => {
    expect(heapGrowth.detect({ heapComparison: grownSessions(9, 50_000) })).toEqual([]);
    expect(heapGrowth.detect({ heapComparison: grownSessions(20, 40) })).toEqual([]);
  });

  test('what Node’s own modules hold is no finding', () => {
    const heap = (): ReturnType<typeof sessionServer> => sessionServer();
    const [before, after] = [heap(), heap()];
    for (const { heap: each } of [before, after])
      each.module('node:internal/bootstrap/realm', { map: each.map() });
    const map = after.heap.map();
    after.heap.module('node:internal/util', { map });
    addSessions(after.heap, map, 50);
    expect(heapGrowth.detect({ heapComparison: comparedHeaps(before.heap, after.heap) })).toEqual([]);
  });

  test('clear says what was looked at', () => {
    expect(heapGrowth.looked({ heapComparison: grownSessions(0) })).toMatch(
      /^two snapshots of \d+ objects and \d+ objects, 0 new objects of 0 B: nothing got 10 elements or more/,
    );
  });

  test('a full cache that lets go of as much as it gets is no growth; where others hold its entries too, that is not known', () => {
    const full = grownSessions(100);
    const [holder] = full.holders;
    const retaining = (retainedBefore: number, retainedAfter: number): typeof full => ({
      ...full,
      holders: [{ ...(holder as NonNullable<typeof holder>), retainedBefore, retainedAfter }],
    });
    expect(heapGrowth.detect({ heapComparison: retaining(107_200, 107_400) })).toEqual([]);
    expect(heapGrowth.detect({ heapComparison: retaining(2000, 2100) })).toHaveLength(1);
  });

  test('of a server in use, whose snapshots are gone, it is verified on the server', () => {
    const target = {
      ...server().evidence().target,
      reproducedBy: 'attach' as const,
      targetArguments: '4711',
    };
    const [finding] = heapGrowth.detect({ heapComparison: grownSessions(100), target });
    expect(finding?.verify.command).toBe('npx mettle attach --memory --snapshot --fail-on heap-growth 4711');
  });
});
