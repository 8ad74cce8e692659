import { describe, expect, it } from 'vitest';
import { mayGrow, nativeGrowth } from '../../../../src/derive/heap/growth/native.ts';

const KB = 1024;
const calls = (bursts: number): readonly number[] => Array.from({ length: bursts }, () => 100);
const bytes = (...kilobytes: readonly number[]): readonly number[] => kilobytes.map((each) => each * KB);

describe('resident memory that is neither heap nor buffers', () => {
  it('is told per call, with an interval, when every burst of calls leaves as much behind', () => {
    const growth = nativeGrowth(bytes(5760, 5640, 5700, 5888, 5632, 5760, 5504, 5760), calls(8));
    expect(growth?.bytesPerCall).toBeCloseTo(57.3 * KB, -3);
    expect(growth?.low).toBeGreaterThan(55 * KB);
    expect(growth?.high).toBeLessThan(59 * KB);
  });

  it('does not grow by the steps in which an allocator asks for memory', () => {
    expect(nativeGrowth(bytes(128, 0, 132, 0, 128, 128, 0, 132), calls(8))).toBeNull();
  });

  it('does not grow by one large step, as compilers and arenas make it', () => {
    expect(nativeGrowth(bytes(0, 2700, 0, 128, 0, 0, 0, 128), calls(8))).toBeNull();
  });

  it('does not grow when what is taken is given back', () => {
    expect(
      nativeGrowth(bytes(22_000, -21_000, 21_000, -22_000, 16_000, -15_000, 20_000, -1000), calls(8)),
    ).toBeNull();
  });

  it('does not leak when later calls take less than half of what the first ones took', () => {
    expect(nativeGrowth(bytes(4000, 3000, 2600, 2000, 1000, 900, 800, 700), calls(8))).toBeNull();
  });

  it('is not told from too few bursts', () => {
    expect(nativeGrowth(bytes(5760, 5640, 5700), calls(3))).toBeNull();
  });

  it('is looked at closely only when every burst leaves something', () => {
    expect(mayGrow(bytes(600, 640), [12, 12])).toBe(true);
    expect(mayGrow(bytes(600, 0), [12, 12])).toBe(false);
    expect(mayGrow([], [])).toBe(false);
  });
});
