import { describe, expect, it } from 'vitest';
import { expectedPauseMs, snapshotRefusal } from '../../../src/run/leak/snapshot-guard.ts';

const GIGABYTE = 1e9;
const roomy = { limitBytes: 8 * GIGABYTE, freeBytes: 4 * GIGABYTE };

describe('how long a heap snapshot will hold the server', () => {
  const heap = { heapUsedBytes: 100e6, collectionCpuMs: 20 };

  it('is told before the first one by what a collection takes, and whether others want the cores', () => {
    expect(expectedPauseMs(heap, undefined, 0.3)).toBe(500);
    expect(expectedPauseMs(heap, undefined, 1.5)).toBe(750);
    expect(expectedPauseMs(heap, undefined, 9)).toBe(1000);
  });

  it('is not told too long by a collection that a crowded machine made dear', () => {
    expect(expectedPauseMs({ heapUsedBytes: 19e6, collectionCpuMs: 115 }, undefined, 5)).toBeCloseTo(2280);
  });

  it('is told by the last one afterwards', () => {
    expect(expectedPauseMs(heap, { pauseMs: 700, cpuMs: 600 }, 4)).toBe(700);
  });

  it('does not take for certain that the next one has to wait for a core as the last one had', () => {
    expect(expectedPauseMs(heap, { pauseMs: 4200, cpuMs: 600 }, 4)).toBe(1200);
  });
});

describe('before the first heap snapshot', () => {
  it('an ordinary server on a busy machine is not refused', () => {
    expect(
      snapshotRefusal({
        heapUsedBytes: 12e6,
        collectionCpuMs: 20,
        room: roomy,
        leftMs: 11_000,
        loadPerCore: 4,
      }),
    ).toBeNull();
  });

  it('a server is refused that would be held for longer than the time allows', () => {
    expect(
      snapshotRefusal({
        heapUsedBytes: 300e6,
        collectionCpuMs: 400,
        room: roomy,
        leftMs: 45_000,
        loadPerCore: 10,
      }),
    ).toBe(
      'a heap snapshot of 300 MB will hold the server for 20 s or more here, too long to take two in the 45 s that are left',
    );
  });

  it('a server is refused that its container would kill for the memory', () => {
    expect(
      snapshotRefusal({
        heapUsedBytes: 90e6,
        collectionCpuMs: 100,
        room: { limitBytes: GIGABYTE, freeBytes: 0.5 * GIGABYTE },
        leftMs: 60_000,
        loadPerCore: 1,
      }),
    ).toBe('a heap snapshot of 90 MB needs up to 810 MB, and 500 MB are free');
  });
});
