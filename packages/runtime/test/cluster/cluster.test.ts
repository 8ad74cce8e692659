import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { connectCluster } from '@mettle/runtime/cluster';
import type { Cluster, ClusterOptions } from '@mettle/runtime/cluster';
import { closePools, createPool } from '@mettle/runtime/offload';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { later, turns } from '../handshake.ts';
import type { Work } from '../offload/work.ts';
import { startRedis, whyNot } from './redis.js';
import type { Redis } from './redis.js';

const WORK = new URL('../offload/modules/work.js', import.meta.url);
let count = 0;

afterEach(async () => closePools(0));

describe('without a URL the cluster is this process', () => {
  test('limits, locks and tasks work with the same interface', async () => {
    const cluster = await connectCluster({ url: undefined });
    const limit = cluster.limit('a', { maxConcurrent: 1, maxQueued: 0 });
    const held = later();
    const first = limit.run(() => held.promise);
    await expect(limit.run(() => 1)).rejects.toMatchObject({ code: 'METTLE_OVERLOADED' });
    held.resolve();
    await first;
    expect(await cluster.exclusive('k', () => 'alone')).toBe('alone');
    const remote = await cluster.offload('work', createPool<Work>(WORK, { threads: 1 }));
    expect(await remote.task('default')({ a: 1, b: 2 })).toBe(3);
    await cluster.close();
  });
});

describe.skipIf(whyNot !== undefined)(
  `with Redis${whyNot === undefined ? '' : `, skipped: ${whyNot}`}`,
  () => {
    let redis: Redis;
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(async () => redis.remove());

    async function replicas(number: number, options: Partial<ClusterOptions> = {}): Promise<Cluster[]> {
      const prefix = `test-${++count}`;
      const all = await Promise.all(
        Array.from({ length: number }, async () =>
          connectCluster({ url: redis.url, prefix, replicas: number, onAlarm: () => undefined, ...options }),
        ),
      );
      onTestFinished(async () => {
        await Promise.all(all.map(async (cluster) => cluster.close()));
      });
      return all;
    }

    test('a limit holds over all replicas, and everyone gets in', async () => {
      let [running, most] = [0, 0];
      const limits = (await replicas(3)).map((cluster) =>
        cluster.limit('a', { maxConcurrent: 4, maxQueued: 100, queueTimeoutMs: 20_000 }),
      );
      await Promise.all(
        limits.flatMap((limit) =>
          Array.from({ length: 30 }, () =>
            limit.run(async () => {
              most = Math.max(most, ++running);
              await turns(2);
              running--;
            }),
          ),
        ),
      );
      expect(most).toBeLessThanOrEqual(4);
      expect(most).toBeGreaterThan(1);
    });

    test('a waiting caller is let in when a place becomes free on another replica', async () => {
      const [a, b] = (await replicas(2)).map((cluster) => cluster.limit('a', { maxConcurrent: 1 }));
      const [held, started] = [later(), later()];
      const first = a?.run(() => (started.resolve(), held.promise));
      await started.promise;
      let entered = false;
      const second = b?.run(() => (entered = true));
      await turns(20);
      expect(entered).toBe(false);
      held.resolve();
      await Promise.all([first, second]);
      expect(entered).toBe(true);
    });

    test('a lock excludes all replicas: a read-modify-write over two of them loses nothing', async () => {
      const both = await replicas(2);
      let value = 0;
      await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          (both[at % 2] as Cluster).exclusive('value', async () => {
            const seen = value;
            await turns(2);
            value = seen + 1;
          }),
        ),
      );
      expect(value).toBe(40);
    });

    test('a rate is shared, and over it callers get the time to wait', async () => {
      const [a, b] = (await replicas(2)).map((cluster) => cluster.rate('r', { points: 3, perMs: 60_000 }));
      await Promise.all([a?.('user'), b?.('user'), a?.('user')]);
      await expect(b?.('user')).rejects.toMatchObject({
        code: 'METTLE_OVERLOADED',
        retryAfterMs: expect.any(Number),
      });
      await b?.('someone else');
    });

    test('a replica that is killed while it holds places gives them back after its lease', async () => {
      const leaseMs = 600;
      const child = fork(fileURLToPath(new URL('./replica.js', import.meta.url)), [
        JSON.stringify({
          url: redis.url,
          name: 'held',
          acquisitions: 4,
          holdMs: 60_000,
          leaseMs,
          callers: 4,
          tells: true,
        }),
      ]);
      onTestFinished(() => void child.kill('SIGKILL'));
      const allHeld = later();
      let holding = 0;
      child.on('message', () => ++holding === 4 && allHeld.resolve());
      await allHeld.promise;
      const cluster = await connectCluster({ url: redis.url, leaseMs, onAlarm: () => undefined });
      const limit = cluster.limit('test', { maxConcurrent: 4, queueTimeoutMs: 20_000 });
      let entered = false;
      const waiting = limit.run(() => (entered = true));
      // Twice its lease: while it lives it renews.
      await new Promise((done) => setTimeout(done, 2 * leaseMs));
      expect(entered).toBe(false);
      child.kill('SIGKILL');
      await waiting;
      await cluster.close();
    });

    test('a task runs on another replica; its errors keep their code; cancelling kills its thread there', async () => {
      const [here, there] = await replicas(2);
      const served = createPool<Work>(WORK, { threads: 1, name: 'served' });
      await there?.serve('work', served);
      const remote = await here?.offload('work', createPool<Work>(WORK, { threads: 1, name: 'unused' }));
      if (remote === undefined) throw new Error('not connected');
      expect(await remote.task('default')({ a: 2, b: 3 })).toBe(5);
      await expect(remote.task('throws')('error')).rejects.toMatchObject({ message: 'no', code: 'MY_CODE' });

      const abort = new AbortController();
      const endless = remote.task('backtrack')(40, { signal: abort.signal });
      const outcome = endless.catch((error: unknown) => error);
      while (served.stats().running === 0) await turns(1);
      abort.abort();
      expect(await outcome).toMatchObject({ code: 'METTLE_CANCELLED' });
      while (served.stats().running > 0) await turns(1);
      expect(served.stats().killed).toBe(1);
      await expect(remote.task('backtrack')(40, { timeoutMs: 300 })).rejects.toMatchObject({
        code: 'METTLE_TIMED_OUT',
      });
      expect(await remote.task('default')({ a: 2, b: 3 })).toBe(5);
    });

    test('a task that nobody serves is given up at its deadline', async () => {
      const [only] = await replicas(1);
      const remote = await only?.offload('nobody', createPool<Work>(WORK, { threads: 1 }));
      await expect(remote?.task('default')({ a: 1, b: 1 }, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'METTLE_TIMED_OUT',
      });
    });

    test('a URL that leads nowhere is said at once', async () => {
      await expect(connectCluster({ url: 'redis://127.0.0.1:1' })).rejects.toThrow(/ECONNREFUSED|closed/);
    });
  },
);

describe.skipIf(whyNot !== undefined)(
  `when Redis fails${whyNot === undefined ? '' : `, skipped: ${whyNot}`}`,
  () => {
    test('killed and at once back, empty: who runs is counted again before anybody is let in', async () => {
      const redis = await startRedis();
      const clusters = await Promise.all(
        [1, 2].map(async () =>
          connectCluster({ url: redis.url, replicas: 2, leaseMs: 60_000, onAlarm: () => undefined }),
        ),
      );
      try {
        const [a, b] = clusters.map((cluster) =>
          cluster.limit('a', { maxConcurrent: 2, queueTimeoutMs: 60_000 }),
        );
        const [held, started] = [later(), later()];
        let running = 0;
        const work = async (): Promise<void> => {
          if (++running === 2) started.resolve();
          await held.promise;
          running--;
        };
        const both = [a?.run(work), a?.run(work)];
        await started.promise;
        await redis.kill();
        await redis.start();
        while (clusters.some(({ connected }) => connected)) await turns(1);
        while (clusters.some(({ connected }) => !connected)) await turns(1);
        let entered = false;
        const third = b?.run(() => (entered = true));
        // Longer than the head of the line takes to ask again.
        await new Promise((done) => setTimeout(done, 600));
        expect([entered, running]).toEqual([false, 2]);
        held.resolve();
        await Promise.all([...both, third]);
        expect(entered).toBe(true);
      } finally {
        await Promise.all(clusters.map(async (cluster) => cluster.close()));
        await redis.remove();
      }
    });

    test('a connection that breaks while Redis lives is no loss: no alarm, no place twice', async () => {
      const redis = await startRedis();
      const alarms: string[] = [];
      const cluster = await connectCluster({ url: redis.url, onAlarm: ({ state }) => alarms.push(state) });
      const other = await connectCluster({ url: redis.url, onAlarm: ({ state }) => alarms.push(state) });
      try {
        const [mine, theirs] = [cluster, other].map((each) =>
          each.limit('a', { maxConcurrent: 1, queueTimeoutMs: 60_000 }),
        );
        const [held, started] = [later(), later()];
        const first = mine?.run(() => (started.resolve(), held.promise));
        await started.promise;
        let entered = false;
        const second = theirs?.run(() => (entered = true));
        await redis.breakConnections();
        while (!cluster.connected || !other.connected) await turns(1);
        await new Promise((done) => setTimeout(done, 600));
        expect(entered).toBe(false);
        held.resolve();
        await Promise.all([first, second]);
        expect(alarms).toEqual([]);
      } finally {
        await Promise.all([cluster.close(), other.close()]);
        await redis.remove();
      }
    });

    test('a lock that another replica holds is waited for no longer than told', async () => {
      const redis = await startRedis();
      const [a, b] = await Promise.all(
        [1, 2].map(async () => connectCluster({ url: redis.url, onAlarm: () => undefined })),
      );
      try {
        const [held, started] = [later(), later()];
        const first = a?.exclusive('k', () => (started.resolve(), held.promise));
        await started.promise;
        await expect(b?.exclusive('k', () => 1, { waitTimeoutMs: 50 })).rejects.toMatchObject({
          code: 'METTLE_TIMED_OUT',
          message: 'Waited 50 ms for “k”, which was still held on another replica',
        });
        held.resolve();
        await first;
        expect(await b?.exclusive('k', () => 2)).toBe(2);
      } finally {
        await Promise.all([a?.close(), b?.close()]);
        await redis.remove();
      }
    });

    test.each(['killed', 'paused'] as const)(
      '%s, each replica goes on with its share, alarms once, and shares again when it is back',
      async (how) => {
        const redis = await startRedis();
        const alarms: string[] = [];
        const cluster = await connectCluster({
          url: redis.url,
          replicas: 2,
          onAlarm: ({ state }) => alarms.push(state),
        });
        try {
          const limit = cluster.limit('a', { maxConcurrent: 4, maxQueued: 100, queueTimeoutMs: 20_000 });
          const most = async (): Promise<number> => {
            let [running, seen] = [0, 0];
            const work = async (): Promise<void> => {
              seen = Math.max(seen, ++running);
              await new Promise((done) => setTimeout(done, 20));
              running--;
            };
            await Promise.all(Array.from({ length: 12 }, () => limit.run(work)));
            return seen;
          };
          expect(await most()).toBeLessThanOrEqual(4);
          if (how === 'killed') await redis.kill();
          else redis.pause();
          while (cluster.connected) await turns(1);
          expect(await most()).toBe(2);
          if (how === 'killed') await redis.start();
          else redis.resume();
          while (!cluster.connected) await turns(1);
          expect(await most()).toBeGreaterThan(2);
          expect(alarms).toEqual(['lost', 'back']);
          expect([limit.running, limit.queued]).toEqual([0, 0]);
        } finally {
          await cluster.close();
          await redis.remove();
        }
      },
    );
  },
);
