import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { createExclusive } from '../../src/exclusive/index.ts';
import { later, turns } from '../handshake.ts';

describe('exclusive', () => {
  test('twenty simultaneous registrations with a limit of ten end at exactly ten, a thousand times in a row', async () => {
    const exclusive = createExclusive();
    for (let round = 0; round < 1000; round++) {
      let registered = 0;
      await Promise.all(
        Array.from({ length: 20 }, () =>
          exclusive('event', async () => {
            const seen = registered;
            await turns(1);
            if (seen < 10) registered = seen + 1;
          }),
        ),
      );
      expect(registered).toBe(10);
    }
    expect(exclusive.size).toBe(0);
  });

  test('callers of one key are served in order of arrival; other keys do not wait', async () => {
    const exclusive = createExclusive();
    const order: string[] = [];
    const first = later();
    const all = [
      exclusive('a', () => first.promise.then(() => order.push('a1'))),
      exclusive('a', () => order.push('a2')),
      exclusive('a', () => order.push('a3')),
      exclusive('b', () => order.push('b1')),
    ];
    await turns(5);
    expect(order).toEqual(['b1']);
    expect(exclusive.waiting('a')).toBe(3);
    first.resolve();
    await Promise.all(all);
    expect(order).toEqual(['b1', 'a1', 'a2', 'a3']);
  });

  test('an error goes to its caller and frees the key', async () => {
    const exclusive = createExclusive();
    const failing = exclusive('a', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await expect(exclusive('a', () => 'next')).resolves.toBe('next');
  });

  test('a cancelled waiter leaves the queue, first, middle or last; the others keep their order', async () => {
    for (const gone of [0, 1, 2]) {
      const exclusive = createExclusive();
      const [held, order] = [later(), [] as number[]];
      const aborts = [0, 1, 2].map(() => new AbortController());
      const holder = exclusive('k', () => held.promise);
      const waiting = aborts.map(({ signal }, at) => exclusive('k', () => order.push(at), { signal }));
      const settled = Promise.allSettled(waiting);
      aborts[gone]?.abort(new Error('client gone'));
      expect(exclusive.waiting('k')).toBe(3);
      held.resolve();
      await holder;
      const outcomes = await settled;
      expect(outcomes[gone]).toMatchObject({
        reason: { code: 'METTLE_CANCELLED', cause: { message: 'client gone' } },
      });
      expect(order).toEqual([0, 1, 2].filter((at) => at !== gone));
    }
  });

  test('a waiter gives up at its deadline, and says for what it waited', async () => {
    const exclusive = createExclusive();
    const held = later();
    const holder = exclusive('ledger', () => held.promise);
    await expect(exclusive('ledger', () => 1, { waitTimeoutMs: 5 })).rejects.toMatchObject({
      code: 'METTLE_TIMED_OUT',
      message: expect.stringContaining('“ledger”'),
    });
    held.resolve();
    await holder;
    expect(exclusive.size).toBe(0);
  });

  test('a holder that asks for its own lock gets a deadlock error at once', async () => {
    const exclusive = createExclusive();
    const outer = exclusive('a', async () => {
      await turns(2);
      return exclusive('b', () => exclusive('a', () => 'never'));
    });
    await expect(outer).rejects.toMatchObject({
      code: 'METTLE_DEADLOCK',
      message: expect.stringContaining('“a”'),
    });
    expect(exclusive.size).toBe(0);
  });

  test('two holders that wait for each other: one gets the way round, the other goes on', async () => {
    const exclusive = createExclusive();
    const both = later();
    const first = exclusive('a', async () => {
      await both.promise;
      return exclusive('b', () => 'first');
    });
    const second = exclusive('b', async () => {
      await both.promise;
      return exclusive('a', () => 'second');
    });
    both.resolve();
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes[0]).toMatchObject({ value: 'first' });
    expect(outcomes[1]).toMatchObject({ reason: { code: 'METTLE_DEADLOCK' } });
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toContain('“a” → “b”');
    expect(exclusive.size).toBe(0);
  });

  test('a lock held around parallel work is part of every way through it', async () => {
    const exclusive = createExclusive();
    const ready = later();
    const outer = exclusive('a', () =>
      Promise.all([
        exclusive('b', () => ready.promise.then(() => exclusive('c', () => 'in'))),
        exclusive('d', () => 'beside'),
      ]),
    );
    const other = exclusive('c', async () => {
      ready.resolve();
      await turns(5);
      return exclusive('a', () => 'never');
    });
    await expect(other).rejects.toMatchObject({ code: 'METTLE_DEADLOCK' });
    await expect(outer).resolves.toEqual(['in', 'beside']);
  });

  test('work queued behind oneself without waiting is no deadlock when it says so', async () => {
    const exclusive = createExclusive();
    let inner: Promise<string> | undefined;
    await exclusive('a', () => {
      inner = exclusive('a', () => 'after', { detached: true });
    });
    await expect(inner).resolves.toBe('after');
  });

  test('the work, what it starts and what comes after it see the contexts of others as ever', async () => {
    const exclusive = createExclusive();
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const look = (): void => void seen.push(context.getStore());
    await context.run('of the caller', async () => {
      const held = exclusive('a', async () => {
        look();
        await turns(1);
        look();
        context.enterWith('of the work');
        throw new Error('with an error, too');
      });
      look();
      await held.catch(look);
      // It holds nothing by now, nor did it while its caller went on.
      await Promise.all([exclusive('a', look), exclusive('a', look)]);
    });
    look();
    expect(seen).toEqual([...Array<string>(6).fill('of the caller'), undefined]);
  });

  test('a lock kept for the next caller counts as none', async () => {
    const exclusive = createExclusive();
    for (const key of ['a', 'a', 'b', {}, 7, 'a']) {
      await exclusive(key, () => expect([exclusive.size, exclusive.waiting(key)]).toEqual([1, 1]));
      expect([exclusive.size, exclusive.waiting(key)]).toEqual([0, 0]);
    }
  });

  test('what a holder left running holds nothing any more', async () => {
    const exclusive = createExclusive();
    const left = later();
    let straggler: Promise<string> | undefined;
    await exclusive('a', () => {
      straggler = left.promise.then(() => exclusive('a', () => 'fine'));
    });
    const blocker = later();
    const holder = exclusive('a', () => blocker.promise);
    left.resolve();
    await turns(3);
    blocker.resolve();
    await holder;
    await expect(straggler).resolves.toBe('fine');
  });
});
