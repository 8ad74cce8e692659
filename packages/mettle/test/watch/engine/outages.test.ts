import { expect, it, onTestFinished } from 'vitest';
import type { WatchConfig } from '../../../src/watch/config/config.ts';
import { peer } from '../../../src/watch/engine/peers.ts';
import { Watcher } from '../../../src/watch/watcher.ts';
import { configOf, describeShared, until, watched } from './forms.ts';
import { missedIn, missingIn, regionalServers, slotsIn } from './probers.ts';
import { query } from './postgres.mjs';

const INTERVAL_MS = 1500;
/** With npm run soak. */
const atLeisure = process.env['METTLE_SMOKE'] === 'all';
const NAMES = ['a', 'b', 'c', 'one'];

describeShared('an outage', (databases) => {
  /** Watchers in this process, each as if it were alone in its own. */
  async function watching(regions: readonly string[]): Promise<{
    readonly postgres: string;
    readonly said: readonly { readonly text: string; readonly atMs: number }[];
    readonly servers: Awaited<ReturnType<typeof regionalServers>>;
    readonly stop: () => Promise<void>;
  }> {
    const postgres = await databases.postgres.database();
    const servers = await regionalServers();
    const said: { text: string; atMs: number }[] = [];
    const watchers = await Promise.all(
      regions.map((region) => {
        const engine: WatchConfig['engine'] = {
          redis: databases.redis.url,
          postgres,
          region,
          quorum: null,
        };
        const all = NAMES.map((name) =>
          watched(
            name,
            servers.url(name, name === 'one' ? { blind: 'blind' } : {}),
            { intervalMs: INTERVAL_MS, timeoutMs: 20_000, failures: 1 },
            { 'x-region': region },
          ),
        );
        return Watcher.open(configOf({ store: '/nowhere', engine }, all), (text) =>
          said.push({ text, atMs: Date.now() }),
        );
      }),
    );
    let stopped: Promise<unknown> | null = null;
    const stop = async (): Promise<void> => {
      await (stopped ??= Promise.all(watchers.map((each) => each.stop())));
    };
    onTestFinished(stop);
    await Promise.all(watchers.map((each) => each.start()));
    const groups = NAMES.length * new Set(regions).size;
    await until(async () => (await slotsIn(postgres)).size === groups);
    return { postgres, said, servers, stop };
  }

  async function slotsAfter(postgres: string, atMs: number): Promise<void> {
    await until(async () => [...(await slotsIn(postgres)).values()].every((all) => (all.at(-1) ?? 0) > atMs));
  }

  it('of Redis leaves the looks to the processes, and loses those only that were due before it was noticed', async () => {
    const region = `outage-${String(process.pid)}`;
    const { postgres, said, servers, stop } = await watching([region, region]);
    await databases.redis.kill();
    await until(() => said.filter(({ text }) => text.includes('Redis at 127.0.0.1')).length === 2);
    const noticedMs = said.at(-1)?.atMs ?? 0;
    await slotsAfter(postgres, noticedMs + INTERVAL_MS);
    // It comes back with nothing in it.
    await databases.redis.start();
    await until(() => said.filter(({ text }) => text.startsWith('Redis answers again')).length === 2);
    await slotsAfter(postgres, Date.now() + INTERVAL_MS);
    await stop();
    const slots = await slotsIn(postgres);
    const lacking = await missedIn(postgres);
    expect(lacking.slots).toBe(missingIn(slots, INTERVAL_MS).length);
    expect(lacking.reasons).not.toHaveProperty('unexplained');
    // One more where two processes took the same slot as Redis went or came; it is kept once.
    for (const name of NAMES)
      expect(servers.listings.get(`${name} ${region}`)).toBeLessThanOrEqual(
        (slots.get(`${name} ${region}`)?.length ?? 0) + 2,
      );
    expect(said).toHaveLength(4);
  });

  it('of Redis that is over before it is noticed leaves nothing forgotten: all are looked at again', async () => {
    const { postgres, stop } = await watching([`blink-${String(process.pid)}`]);
    await databases.redis.kill();
    await databases.redis.start();
    await slotsAfter(postgres, Date.now() + 2 * INTERVAL_MS);
    await stop();
    const lacking = await missedIn(postgres);
    expect(lacking.slots).toBe(missingIn(await slotsIn(postgres), INTERVAL_MS).length);
    expect(lacking.reasons).not.toHaveProperty('unexplained');
  });

  it('of Postgres keeps what is seen in memory until it is back; then all is kept, and a minority is not taken for a majority', async () => {
    const { postgres, said, servers, stop } = await watching(['blind', 'there', 'here']);
    servers.goBlind();
    await databases.postgres.kill();
    await until(() => said.filter(({ text }) => text.includes('wait in memory')).length === 3);
    const listings = (): number => [...servers.listings.values()].reduce((sum, count) => sum + count, 0);
    const before = listings();
    // Longer than a sign of life lasts.
    await until(() => listings() >= before + 3 * servers.listings.size);
    await databases.postgres.start();
    await until(() => said.filter(({ text }) => text.includes('answers again')).length === 3);
    await slotsAfter(postgres, Date.now());
    await stop();
    const lacking = await missedIn(postgres);
    expect(lacking.slots).toBe(missingIn(await slotsIn(postgres), INTERVAL_MS).length);
    // A busy machine may have no time for one; none is lost for want of Postgres.
    for (const reason of ['unexplained', 'not-kept', 'cut-short', 'absent'])
      expect(lacking.reasons).not.toHaveProperty(reason);
    expect(await query(postgres, 'SELECT * FROM mettle_watch.incidents')).toEqual([]);
    expect(said.map(({ text }) => text).join('\n')).not.toContain(postgres);
  });

  it.runIf(atLeisure)(
    'of both does not keep a watcher from being stopped, which says what was lost',
    async () => {
      const { said, stop } = await watching([`stopped-${String(process.pid)}`]);
      await Promise.all([databases.redis.kill(), databases.postgres.kill()]);
      onTestFinished(async () => {
        await Promise.all([databases.redis.start(), databases.postgres.start()]);
      });
      await until(() => said.some(({ text }) => text.includes('Redis at')));
      await until(() => said.some(({ text }) => text.includes('wait in memory')));
      await stop();
      expect(said.at(-1)?.text).toMatch(
        /^\d+ looks? (was|were) not kept: the history did not answer until the end$/,
      );
    },
  );

  it('at the start is told in one sentence, without what is secret in the URL', async () => {
    const servers = [watched('a')];
    const open = (redis: string, postgres: string): Promise<Watcher> =>
      Watcher.open(
        configOf({ store: '/nowhere', engine: { redis, postgres, region: 'r', quorum: null } }, servers),
        () => undefined,
      );
    const here = await databases.postgres.database();
    await expect(open('redis://:p4ss@127.0.0.1:1', here)).rejects.toThrow(
      /^engine\.redis: Redis at 127\.0\.0\.1:1 does not answer \([^()]*ECONNREFUSED[^()]*\)\.$/,
    );
    await expect(open(databases.redis.url, 'postgres://it:p4ss@127.0.0.1:1/watch')).rejects.toThrow(
      /^engine\.postgres: Postgres at 127\.0\.0\.1:1 does not answer \(ECONNREFUSED\)\.$/,
    );
    await expect(open(databases.redis.url, here.replace(/[^/]*$/, 'no_such_one'))).rejects.toThrow(
      /^engine\.postgres: database "no_such_one" does not exist\.$/,
    );
    await expect(peer('no-such-package')).rejects.toThrow(
      /^"engine" needs the package no-such-package, which could not be loaded: npm install bullmq ioredis pg\.$/,
    );
  });
});
