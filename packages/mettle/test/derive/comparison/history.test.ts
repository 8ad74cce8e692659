import { expect, it } from 'vitest';
import { historyChanges } from '../../../src/derive/index.ts';
import type { HistoryEntry } from '../../../src/evidence/index.ts';
import { seededRandom } from '../../../src/stats/index.ts';

function history(levels: readonly number[]): readonly HistoryEntry[] {
  const random = seededRandom(2);
  return levels.map((level, i) => ({
    at: new Date(Date.UTC(2026, 0, 1 + i)).toISOString(),
    commit: `commit${i}`,
    environment: 'one machine',
    tools: {
      search: { cpuOverYardstick: level * (1 + 0.03 * (random() - 0.5)), latencyOverYardstick: null },
    },
  }));
}

it('a history says with which run a tool became dearer, and by how much', () => {
  const changes = historyChanges(history([...Array(12).fill(1), ...Array(10).fill(1.2)] as number[]));
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({ tool: 'search', figure: 'cpuOverYardstick', commit: 'commit12' });
  expect(changes[0]?.after).toBeCloseTo(1.2, 1);
});
it('a history of one level has no change, nor has a short one', () => {
  expect(historyChanges(history(Array(25).fill(1) as number[]))).toEqual([]);
  expect(historyChanges(history([1, 1, 5, 5]))).toEqual([]);
});
it('creep of half a percent a run is found though no two neighbours show it', () => {
  const creep = Array.from({ length: 40 }, (_, i) => 1.005 ** i);
  expect(historyChanges(history(creep)).length).toBeGreaterThan(0);
});
