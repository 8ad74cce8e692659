import { describe, expect, it } from 'vitest';
import { LatencySamples } from '../../../src/load/drive/latency-samples.ts';

describe('the latencies of a subject', () => {
  it.each([67.65717700123787, 46.35216800868511, 0.1])(
    'have no percentile above their maximum, %f ms, which single precision rounds up',
    (ms) => {
      const samples = new LatencySamples();
      for (const value of [ms / 4, ms / 2, ms]) samples.add(value);
      const { p95, p99, p999, max } = samples.figures() ?? expect.fail('three were added');
      expect(max).toBe(ms);
      for (const { value } of [p95, p99, p999]) expect(value).toBeLessThanOrEqual(max);
    },
  );
});
