import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { listen } from '../probe/loopback.ts';
import { describeShared, until } from './forms.ts';
import { missedIn, missingIn, regionalServers, slotsIn, startProber } from './probers.ts';
import { query } from './postgres.mjs';

const INTERVAL_MS = 2000;

describeShared('prober processes', (databases) => {
  it('share the looks of their region, vote on what is down, tell it once, and take over from one that is killed', async () => {
    const postgres = await databases.postgres.database();
    const servers = await regionalServers();
    const told: string[] = [];
    const webhook = await listen(
      createServer((request, response) => {
        let text = '';
        request.on('data', (part: Buffer) => (text += part.toString()));
        request.on('end', () => {
          const { server, kind, state } = JSON.parse(text) as Record<string, string>;
          told.push(`${String(server)} ${String(kind)} ${String(state)}`);
          response.end();
        });
      }),
    );
    const names = ['slow1', 'slow2', 'slow3', 'slow4', 'one', 'most'];
    const terms: Readonly<Record<string, { blind?: string; listMs?: number }>> = {
      one: { blind: 'us' },
      most: { blind: 'us,ap' },
    };
    const configuration = [
      `defaults: { interval: ${String(INTERVAL_MS)}ms, failures: 1, timeout: 20s }`,
      'servers:',
      ...names.map(
        (name) =>
          `  - { name: ${name}, url: "${servers.url(name, terms[name] ?? { listMs: 500 })}", headers: { x-region: "\${REGION}" } }`,
      ),
      `alerts: [ { webhook: "http://127.0.0.1:${String(webhook)}/" } ]`,
      'page: { port: 0 }',
      'engine: { redis: "${REDIS_URL}", postgres: "${POSTGRES_URL}", region: "${REGION}" }',
    ].join('\n');
    const start = (region: string): ReturnType<typeof startProber> =>
      startProber(configuration, { REDIS_URL: databases.redis.url, POSTGRES_URL: postgres, REGION: region });
    const [first, second, us, ap] = await Promise.all(['eu', 'eu', 'us', 'ap'].map(start));
    if (first === undefined || second === undefined || us === undefined || ap === undefined) return;

    // Both of eu have their share, and there are three regions that vote.
    const probersOfEu = `SELECT count(DISTINCT prober) AS n FROM mettle_watch.looks WHERE region = 'eu'`;
    await until(async () => Number((await query(postgres, probersOfEu))[0]?.['n']) === 2);
    await until(async () => (await slotsIn(postgres)).size === 3 * names.length);
    servers.goBlind();
    await until(() => told.includes('most down triggered'));
    const shown = await Promise.all(
      [first, us].map(async ({ page }) => (await fetch(new URL('api/servers', page))).json()),
    );
    for (const views of shown) {
      const byName = new Map((views as Record<string, unknown>[]).map((view) => [view['name'], view]));
      expect(byName.get('one')).toMatchObject({ status: 'up', regions: [{}, {}, {}] });
      expect(byName.get('most')).toMatchObject({ status: 'down' });
    }
    let metrics = '';
    await until(async () => {
      metrics = await (await fetch(new URL('metrics', ap.page))).text();
      return metrics.includes('mettle_probe_region_up{server="one",region="us"} 0\n');
    });
    expect(metrics).toContain('mettle_probe_up{server="one"} 1\n');
    expect(metrics).toContain('mettle_probe_region_up{server="one",region="eu"} 1\n');

    // One that says so stands still until it has no lease, and for a look of the others: that is no good news.
    us.child.kill('SIGSTOP');
    const withALease = `SELECT count(DISTINCT region) AS n FROM mettle_watch.probers WHERE alive_until > clock_timestamp()`;
    await until(async () => Number((await query(postgres, withALease))[0]?.['n']) === 2);
    const withoutMs = Date.now();
    await until(async () => ((await slotsIn(postgres)).get('most eu')?.at(-1) ?? 0) > withoutMs);
    us.child.kill('SIGCONT');

    // One of eu is killed with looks under way.
    const killedMs = Date.now();
    await first.kill();
    // All of its servers are looked at from eu by the other, each within an interval and what a stalled look takes.
    const enough = killedMs + 3 * INTERVAL_MS;
    await until(async () => {
      const slots = [...(await slotsIn(postgres))];
      return slots.length === names.length * 3 && slots.every(([, all]) => (all.at(-1) ?? 0) >= enough);
    });
    // Those that were cut short are taken again.
    await until(async () => !('cut-short' in (await missedIn(postgres)).reasons));
    // Those that say that it is down last: it is told otherwise as soon as only the other is left.
    expect([await second.stop(), ...(await Promise.all([us.stop(), ap.stop()]))]).toEqual([0, 0, 0]);

    const slots = await slotsIn(postgres);
    // On a busy machine some have no time; each of them is known, and none was lost by the kill.
    const { slots: missed, reasons } = await missedIn(postgres);
    expect(missed).toBe(missingIn(slots, INTERVAL_MS).length);
    expect(reasons).not.toHaveProperty('unexplained');
    // A look that was cut short is taken again; no other is taken twice.
    for (const name of names.slice(0, 4))
      expect(servers.listings.get(`${name} eu`)).toBeLessThanOrEqual(
        (slots.get(`${name} eu`)?.length ?? 0) + 2,
      );
    expect(told.toSorted()).toEqual(['most down triggered']);
    expect(second.said()).not.toContain(postgres);
  }, 300_000);
});
