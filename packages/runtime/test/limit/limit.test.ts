import { describe, expect, test } from 'vitest';
import { createLimit } from '../../src/limit/index.ts';
import { later, turns } from '../handshake.ts';

describe('limit', () => {
  test('never lets more run than allowed, and lets all run in the end', async () => {
    const limit = createLimit({ maxConcurrent: 3, maxQueued: 100 });
    let [running, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 100 }, () =>
        limit.run(async () => {
          most = Math.max(most, ++running);
          await turns(1);
          running--;
        }),
      ),
    );
    expect(most).toBe(3);
    expect(limit.running).toBe(0);
    expect(limit.counts.admitted).toBe(100);
  });

  test('a newcomer behind a hundred calls of another is served at its first turn, not after them', async () => {
    const limit = createLimit({ maxConcurrent: 1, maxQueued: 200 });
    const [held, order] = [later(), [] as string[]];
    const all = [limit.run(() => held.promise)];
    for (let call = 0; call < 100; call++)
      all.push(limit.run(() => void order.push('crowd'), { lane: 'crowd' }));
    all.push(limit.run(() => void order.push('victim'), { lane: 'victim' }));
    held.resolve();
    await Promise.all(all);
    expect(order.indexOf('victim')).toBeLessThanOrEqual(2);
    expect(order).toHaveLength(101);
  });

  test('one call over the bound is refused at once, with a hint when to come back', async () => {
    const limit = createLimit({ maxConcurrent: 1, maxQueued: 1 });
    const held = later();
    const all = [limit.run(() => held.promise), limit.run(() => undefined)];
    const refused = await limit.run(() => undefined).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'METTLE_OVERLOADED', retryAfterMs: expect.any(Number) });
    held.resolve();
    await Promise.all(all);
    expect(limit.counts).toMatchObject({ admitted: 2, refusedFull: 1 });
  });

  test('a crowd that fills the queue does not shut others out: its last makes way', async () => {
    const limit = createLimit({ maxConcurrent: 1, maxQueued: 4 });
    const held = later();
    const holder = limit.run(() => held.promise);
    const crowd = Promise.allSettled([1, 2, 3, 4].map((at) => limit.run(() => at, { lane: 'crowd' })));
    const victim = limit.run(() => 'served', { lane: 'victim' });
    held.resolve();
    await holder;
    await expect(victim).resolves.toBe('served');
    expect((await crowd).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
  });

  test('a waiting call is refused at the queue deadline and leaves no place behind', async () => {
    const limit = createLimit({ maxConcurrent: 1, queueTimeoutMs: 5 });
    const held = later();
    const holder = limit.run(() => held.promise);
    await expect(limit.run(() => 1)).rejects.toMatchObject({ code: 'METTLE_QUEUE_TIMEOUT' });
    expect(limit.queued).toBe(0);
    held.resolve();
    await holder;
    await expect(limit.run(() => 2)).resolves.toBe(2);
  });

  test('a cancelled call leaves the queue at once; one cancelled before it came never enters', async () => {
    const limit = createLimit({ maxConcurrent: 1 });
    const [held, abort] = [later(), new AbortController()];
    const holder = limit.run(() => held.promise);
    const waiting = limit.run(() => 1, { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'METTLE_CANCELLED' });
    expect(limit.queued).toBe(0);
    await expect(limit.run(() => 1, { signal: abort.signal })).rejects.toMatchObject({
      code: 'METTLE_CANCELLED',
    });
    held.resolve();
    await holder;
    expect(limit.counts).toMatchObject({ admitted: 1, cancelledInQueue: 1 });
  });

  test('one lane holds at most its share, and what it may not use others may', async () => {
    const limit = createLimit({ maxConcurrent: 3, maxConcurrentPerLane: 2 });
    const held = later();
    const greedy = [1, 2, 3].map(() => limit.run(() => held.promise, { lane: 'greedy' }));
    await turns(1);
    expect(limit.running).toBe(2);
    await expect(limit.run(() => 'in', { lane: 'modest' })).resolves.toBe('in');
    held.resolve();
    await Promise.all(greedy);
    expect(limit.running).toBe(0);
  });

  test('raising the limit lets in who waits; closing refuses them', async () => {
    const limit = createLimit({ maxConcurrent: 1, maxQueued: 10 });
    const held = later();
    const running = [1, 2].map(() => limit.run(() => held.promise));
    await turns(1);
    expect(limit.running).toBe(1);
    limit.resize(2);
    await turns(1);
    expect(limit.running).toBe(2);
    const waiting = limit.run(() => 1);
    limit.close();
    await expect(waiting).rejects.toMatchObject({ code: 'METTLE_CLOSED' });
    await expect(limit.run(() => 1)).rejects.toMatchObject({ code: 'METTLE_CLOSED' });
    held.resolve();
    await Promise.all(running);
  });

  test('a place may be taken and given back by hand; giving it back twice does nothing', async () => {
    const limit = createLimit({ maxConcurrent: 1, maxConcurrentPerLane: 1 });
    const release = await limit.acquire({ lane: 'a' });
    expect(limit.running).toBe(1);
    release();
    release();
    expect(limit.running).toBe(0);
  });

  test('an impossible bound is refused with what was seen', () => {
    expect(() => createLimit({ maxConcurrent: 0 })).toThrow(
      'maxConcurrent must be a number at least 1; got 0',
    );
    expect(() => createLimit({ maxConcurrent: Number.NaN })).toThrow('got NaN');
  });

  test('ten thousand calls, half of them cancelled, lose no place', async () => {
    const limit = createLimit({ maxConcurrent: 8, maxConcurrentPerLane: 3, maxQueued: 64 });
    let [running, most] = [0, 0];
    for (let round = 0; round < 100; round++) {
      const aborts = Array.from({ length: 50 }, () => new AbortController());
      const calls = aborts.flatMap(({ signal }, at) =>
        [{ lane: `lane ${at % 7}`, signal }, { lane: `lane ${at % 5}` }].map((options) =>
          limit.run(async () => {
            most = Math.max(most, ++running);
            await Promise.resolve();
            running--;
          }, options),
        ),
      );
      for (const abort of aborts) abort.abort();
      await Promise.allSettled(calls);
    }
    expect(most).toBe(8);
    expect([limit.running, limit.queued, running]).toEqual([0, 0, 0]);
  });
});
