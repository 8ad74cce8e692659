import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  boundedCache,
  createSessions,
  ring,
  snapshotWithin,
  stateOf,
  watchMemory,
} from '../../src/memory/index.ts';
import { Baseline } from '../../src/memory/baseline.ts';
import { afterFullCollections } from '../../src/memory/collections.ts';
import { later, turns } from '../handshake.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MINUTE = 60_000;
const MIB = 2 ** 20;
/** An hour and more of readings, four a minute, of which one follows a collection that freed everything. */
function watched(bytesAt: (minute: number) => number, minutes = 90): Baseline {
  const baseline = new Baseline('heap', MINUTE);
  for (let minute = 0; minute < minutes; minute++) {
    for (const [quarter, garbage] of [5, 0, 9, 3].entries()) {
      baseline.add((minute + quarter / 4) * MINUTE, bytesAt(minute) + garbage * MIB);
    }
  }
  return baseline;
}

describe('the baseline after collections', () => {
  test('that grows raises an alarm with growth per hour and time left', () => {
    const alarm = watched((minute) => 100 * MIB + minute * 0.5 * MIB).alarm(500 * MIB);
    expect(alarm?.growthBytesPerHour).toBeCloseTo(30 * MIB, -4);
    expect(alarm?.hoursLeft).toBeCloseTo((500 - 144) / 30, 1);
    expect(alarm?.message).toMatch(
      /^The heap after garbage collections grows by 30\.0 MiB per hour, now 144\.0 MiB.* 11\.9 hours are left/,
    );
  });

  test('that is level, noisy, falls, or has filled up raises none', () => {
    const noise = (minute: number): number => ((minute * 7919) % 13) * 0.3 * MIB;
    expect(watched(() => 100 * MIB).alarm(500 * MIB)).toBeUndefined();
    expect(watched((minute) => 100 * MIB + noise(minute)).alarm(500 * MIB)).toBeUndefined();
    expect(watched((minute) => 200 * MIB - minute * MIB).alarm(500 * MIB)).toBeUndefined();
    expect(watched((minute) => (100 + Math.min(minute, 30)) * MIB).alarm(500 * MIB)).toBeUndefined();
  });

  test('that grew for a few minutes only, or by less than noise, raises none', () => {
    expect(watched((minute) => (100 + minute) * MIB, 15).alarm(500 * MIB)).toBeUndefined();
    expect(watched((minute) => 100 * MIB + minute * 1000).alarm(500 * MIB)).toBeUndefined();
  });
});

describe('watching memory', () => {
  test('full collections are noticed, each of them; small ones are not', async () => {
    let seen = 0;
    let noticed = later();
    const stop = afterFullCollections(() => {
      seen++;
      noticed.resolve();
    });
    const collectYoung = async (): Promise<void> => {
      (collect as unknown as (options: object) => void)({ type: 'minor' });
      await turns(5);
    };
    // Until it is known which objects are old.
    for (let round = 1; round <= 2; round++) {
      collect();
      await turns(5);
    }
    expect(seen).toBe(0);
    for (let round = 1; round <= 3; round++) {
      for (let young = 0; young < 3; young++) await collectYoung();
      collect();
      await noticed.promise;
      noticed = later();
      expect(seen).toBe(round);
    }
    await collectYoung();
    expect(seen).toBe(3);
    stop();
    collect();
    await turns(5);
    expect(seen).toBe(3);
  });

  test('one line of JSON is written per interval, and none after stopping', async () => {
    const lines: string[] = [];
    const first = later();
    const watch = watchMemory({ everyMs: 10, write: (line) => (lines.push(line), first.resolve()) });
    await first.promise;
    watch.stop();
    const written = lines.length;
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      mettle: 'memory',
      rssBytes: expect.any(Number),
      heapBaselineBytes: null,
    });
    await new Promise((done) => setTimeout(done, 30));
    expect(lines).toHaveLength(written);
  });
});

describe('bounded containers', () => {
  test('a cache needs both bounds and keeps them', () => {
    expect(() => boundedCache({ max: 10 } as never)).toThrow('ttlMs must be a number');
    expect(() => boundedCache({ ttlMs: 10 } as never)).toThrow('max must be a number');
    const cache = boundedCache<string, number>({ max: 2, ttlMs: 1000 });
    for (const [at, key] of ['a', 'b', 'c'].entries()) cache.set(key, at);
    expect([...cache.keys()]).toEqual(['c', 'b']);
  });

  test('a ring keeps the last so many, from the oldest to the newest', () => {
    const last = ring<number>(3);
    expect(last.newest).toBeUndefined();
    for (let value = 1; value <= 3; value++) last.push(value);
    expect(last.toArray()).toEqual([1, 2, 3]);
    last.push(4);
    last.push(5);
    expect([...last]).toEqual([3, 4, 5]);
    expect(last.newest).toBe(5);
    expect(last.length).toBe(3);
  });

  test('state of an owner is made once and goes with it', () => {
    let made = 0;
    const state = stateOf(() => ({ at: ++made }));
    const [a, b] = [{}, {}];
    expect([state(a).at, state(b).at, state(a).at]).toEqual([1, 2, 1]);
  });
});

describe('sessions', () => {
  test('end when idle, when there are too many, when deleted, and when all is closed', async () => {
    const ended: string[] = [];
    const idle = later();
    const sessions = createSessions<string>({
      idleMs: 30,
      max: 2,
      onEnd: (_session, id, why) => {
        ended.push(`${id} ${why}`);
        if (why === 'idle') idle.resolve();
      },
    });
    sessions.set('a', 'A');
    sessions.set('b', 'B');
    expect(sessions.get('a')).toBe('A');
    sessions.set('c', 'C');
    expect(ended).toEqual(['b evicted']);
    expect(sessions.delete('c')).toBe(true);
    expect(sessions.delete('c')).toBe(false);
    await idle.promise;
    expect(ended).toEqual(['b evicted', 'c deleted', 'a idle']);
    sessions.set('d', 'D');
    sessions.close();
    expect(ended.at(-1)).toBe('d closed');
    expect(sessions.size).toBe(0);
  });

  test('one with a running call is neither idle nor evicted', async () => {
    const ended: string[] = [];
    const sessions = createSessions<string>({
      idleMs: 20,
      max: 1,
      onEnd: (_session, id, why) => ended.push(`${id} ${why}`),
    });
    sessions.set('busy', 'B');
    const [held, otherEnded] = [later(), later()];
    const call = sessions.during('busy', () => held.promise);
    sessions.set('other', 'O');
    const waiting = setInterval(() => ended.length > 0 && otherEnded.resolve(), 5);
    await otherEnded.promise;
    clearInterval(waiting);
    expect(ended).toEqual(['other evicted']);
    expect(sessions.has('busy')).toBe(true);
    held.resolve();
    await call;
    sessions.close();
  });

  test('an end that fails is a warning, not a crash', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const sessions = createSessions<string>({ onEnd: () => Promise.reject(new Error('no')) });
    sessions.set('a', 'A');
    sessions.close();
    expect((await warned).message).toBe('Ending session a failed: Error: no');
  });
});

describe('a snapshot', () => {
  function folder(): string {
    const directory = mkdtempSync(join(tmpdir(), 'mettle-snapshot-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    return directory;
  }

  test('is refused with the reason when the pause, the disk or its bound does not allow it', () => {
    const directory = folder();
    expect(snapshotWithin({ directory, maxPauseMs: 1 })).toEqual({
      refused: expect.stringMatching(/would stop the process for up to \d+ ms, 1 are allowed/),
    });
    const bounds = { directory, maxPauseMs: 1e9 };
    expect(snapshotWithin({ ...bounds, maxDiskBytes: 1 })).toHaveProperty('refused');
    writeFileSync(join(directory, 'mettle-old.heapsnapshot'), 'x'.repeat(1000));
    expect(readdirSync(directory)).toHaveLength(1);
    const inFile = join(directory, 'mettle-old.heapsnapshot');
    expect(snapshotWithin({ ...bounds, directory: inFile })).toHaveProperty('refused');
  });

  test('is written when all of them do', () => {
    const directory = folder();
    const outcome = snapshotWithin({ directory, maxPauseMs: 1e9, maxDiskBytes: 2 ** 40 });
    if ('refused' in outcome) expect(outcome.refused).toMatch(/of memory|free on that disk/);
    else expect(readdirSync(directory)).toEqual([expect.stringMatching(/^mettle-.*\.heapsnapshot$/)]);
  });
});
