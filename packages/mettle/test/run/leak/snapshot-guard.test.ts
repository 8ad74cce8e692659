import { describe, expect, it } from 'vitest';
import { expectedPauseMs, snapshotRefusal } from '../../../src/run/leak/snapshot-guard.ts';

const GIGABYTE = 1e9;
const roomy = { limitBytes: 8 * GIGABYTE, freeBytes: 4 * GIGABYTE };

describe('how long a heap snapshot will hold the server', () => {
  it('is told before the first one by what a collection takes, and how many processes want each core', () => {
    expect(expectedPauseMs(20, undefined, 0.3)).toBe(500);
    expect(expectedPauseMs(20, undefined, 4)).toBe(2000);
  });

  it('is told by the last one afterwards', () => {
    expect(expectedPauseMs(20, { pauseMs: 700, cpuMs: 600 }, 4)).toBe(700);
  });

  it('does not take for certain that the next one has to wait for a core as the last one had', () => {
    expect(expectedPauseMs(20, { pauseMs: 4200, cpuMs: 600 }, 4)).toBe(1200);
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
        heapUsedBytes: 90e6,
        collectionCpuMs: 200,
        room: roomy,
        leftMs: 45_000,
        loadPerCore: 10,
      }),
    ).toBe(
      'a heap snapshot of 90 MB will hold the server for 50 s or more here, too long to take two in the 45 s that are left',
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
