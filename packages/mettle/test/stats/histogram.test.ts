import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/stats/index.ts';

function recorded(durationsMs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const durationMs of durationsMs) histogram.record(durationMs);
  return histogram;
}

describe('the latency histogram', () => {
  it('gives exact percentiles below 2 ms, where a bucket is 1 µs wide', () => {
    const histogram = recorded(Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000));
    expect(histogram.quantilesMs()).toEqual({
      p50: 0.5,
      p90: 0.9,
      p95: 0.95,
      p99: 0.99,
      max: 1,
      mean: expect.closeTo(0.5005, 4),
    });
    expect(histogram.count).toBe(1000);
  });
  it('keeps three digits of long durations', () => {
    for (const durationMs of [12.345, 999.9, 61_234, 3_600_000]) {
      const seen = recorded([durationMs]).percentileMs(50);
      expect(Math.abs(seen - durationMs) / durationMs).toBeLessThan(0.001);
    }
  });
  it('counts what is shorter than 1 µs as 1 µs', () => {
    expect(recorded([0, 0.0001]).percentileMs(100)).toBe(0.001);
  });
  it('survives encoding', () => {
    const before = recorded([0.1, 0.2, 5, 700]);
    const after = LatencyHistogram.decode(before.encode());
    expect(after.count).toBe(4);
    expect(after.quantilesMs()).toEqual(before.quantilesMs());
    expect(before.encode()).toMatch(/^HIST[A-Za-z0-9+/=]+$/);
  });
  it('merges a decoded one of another range', () => {
    const low = recorded([0.1, 0.2]);
    low.merge(LatencyHistogram.decode(recorded([9_000]).encode()));
    expect(low.count).toBe(3);
    expect(low.percentileMs(50)).toBe(0.2);
    expect(low.percentileMs(100)).toBeGreaterThan(8_990);
    low.record(0.3);
    expect(low.count).toBe(4);
  });
  it('that was decoded takes in one of a longer range', () => {
    const decoded = LatencyHistogram.decode(recorded([0.1]).encode());
    decoded.merge(recorded([9_000]));
    expect(decoded.percentileMs(100)).toBeGreaterThan(8_990);
  });
  it('of nothing has no quantiles', () => {
    expect(new LatencyHistogram().quantilesMs()).toBeNull();
  });
});
