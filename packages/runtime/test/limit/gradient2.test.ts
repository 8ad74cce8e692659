import { describe, expect, test } from 'vitest';
import { Gradient2 } from '../../src/limit/index.ts';

function feed(limit: Gradient2, calls: number, latencyMs: (inFlight: number) => number): number {
  for (let call = 0; call < calls; call++) limit.sample(latencyMs(limit.limit), limit.limit);
  return limit.limit;
}

describe('the adaptive limit', () => {
  test('grows while latency stays what it is', () => {
    expect(feed(new Gradient2(), 500, () => 50)).toBe(200);
  });

  test('falls when calls suddenly take much longer, but never below its least', () => {
    const limit = new Gradient2();
    feed(limit, 500, () => 50);
    expect(feed(limit, 100, () => 1000)).toBeLessThan(20);
    expect(feed(limit, 100, () => 100_000)).toBeGreaterThanOrEqual(4);
  });

  test('does not grow for callers who use less than half of it', () => {
    const limit = new Gradient2();
    for (let call = 0; call < 500; call++) limit.sample(50, 2);
    expect(limit.limit).toBe(20);
  });

  test('recovers soon after an overload', () => {
    const limit = new Gradient2();
    feed(limit, 2000, () => 2000);
    feed(limit, 50, () => 100_000);
    expect(limit.limit).toBeLessThan(20);
    expect(feed(limit, 200, () => 50)).toBeGreaterThan(50);
  });
});
