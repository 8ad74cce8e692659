import { expect, test } from 'vitest';
import { decodeLatencies, latencyAtShare } from '../../src/derive/percentiles.ts';
import { latencyRecord } from '../report/builders.ts';

test('gives back the latencies that a histogram holds, to three digits', () => {
  const counts = decodeLatencies(
    latencyRecord('a', [...Array.from({ length: 99 }, () => 1.5), 250]).histogram,
  );
  expect(counts?.map(({ count }) => count)).toEqual([99, 1]);
  expect(counts?.[0]?.valueMs).toBeCloseTo(1.5, 2);
  expect(counts?.[1]?.valueMs).toBeCloseTo(250, 0);
});

test('reads percentiles off the counts', () => {
  const counts = [
    { valueMs: 1, count: 98 },
    { valueMs: 10, count: 1 },
    { valueMs: 100, count: 1 },
  ];
  expect([0.5, 0.98, 0.99, 1].map((share) => latencyAtShare(counts, share))).toEqual([1, 1, 10, 100]);
});

test('has nothing to give for a missing, empty or damaged histogram', () => {
  expect(decodeLatencies(null)).toBeNull();
  expect(decodeLatencies(latencyRecord('a', []).histogram)).toBeNull();
  expect(decodeLatencies('bm90IGEgaGlzdG9ncmFt')).toBeNull();
});
