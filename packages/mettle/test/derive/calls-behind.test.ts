import { expect, test } from 'vitest';
import { callsBehind } from '../../src/derive/leaks/index.ts';
import { leakRun } from '../builders/heap.ts';

test('calls in all manners that leave something behind are counted together, others are not', () => {
  const evidence = leakRun()
    .calls('look_up')
    .grows()
    .calls('look_up', 'cancelled')
    .calls('look_up', 'failed')
    .heapGrowth();
  const [growth] = evidence.growths;
  if (growth === undefined) throw new Error('nothing grew');
  const callsOf = (...indexes: readonly number[]): readonly number[] =>
    evidence.rounds.map(({ calls }) => indexes.reduce((sum, index) => sum + (calls[index] ?? 0), 0));
  expect(callsBehind(evidence, growth, growth.subject)).toEqual(callsOf(0));
  const counts = callsOf(0, 1).map((count, r) => (evidence.rounds[r]?.kind === 'warm-up' ? 0 : count));
  expect(callsBehind(evidence, { ...growth, counts }, growth.subject)).toEqual(callsOf(0, 1));
});
