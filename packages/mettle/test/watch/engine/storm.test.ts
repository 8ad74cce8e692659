import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { describeShared, until } from './forms.ts';
import { query } from './postgres.mjs';
import { missedIn, missingIn, regionalServers, slotsIn, startProber, type ProberProcess } from './probers.ts';

/** With npm run soak: it takes two minutes. */
const atLeisure = process.env['METTLE_SMOKE'] === 'all';
/** Processes that take all the CPU they get, so that there is too little for the looks. */
const BURNERS = Number(process.env['METTLE_STORM_BURNERS'] ?? 0);
const INTERVAL_MS = 3000;
const SERVERS = 40;
const KILLS = Number(process.env['METTLE_STORM_KILLS'] ?? 8);
const BETWEEN_MS = 7000;

describeShared('prober processes at leisure', (databases) => {
  it.runIf(atLeisure)(
    'keep or count each look that was due, and keep none twice, though one after the other is killed, and Redis and Postgres come and go',
    { timeout: 300_000 },
    async () => {
      burn();
      const postgres = await databases.postgres.database();
      const servers = await regionalServers();
      const configuration = [
        `defaults: { interval: ${String(INTERVAL_MS)}ms, timeout: 20s }`,
        'servers:',
        ...Array.from(
          { length: SERVERS },
          (_each, i) =>
            `  - { name: s${String(i)}, url: "${servers.url(`s${String(i)}`, { listMs: 100 })}" }`,
        ),
        'page: { port: 0 }',
        'engine: { redis: "${REDIS_URL}", postgres: "${POSTGRES_URL}", region: storm }',
      ].join('\n');
      const start = (): Promise<ProberProcess> =>
        startProber(configuration, { REDIS_URL: databases.redis.url, POSTGRES_URL: postgres });
      let probers = await Promise.all([start(), start(), start()]);
      for (let kill = 0; kill < KILLS; kill += 1) {
        await pause(BETWEEN_MS);
        const [oldest, ...others] = probers;
        if (oldest === undefined) throw new Error('nobody is left');
        await oldest.kill();
        if (kill === Math.floor(KILLS / 4)) {
          await databases.redis.kill();
          await until(() => others.every((each) => each.said().includes('Redis at')));
          await pause(BETWEEN_MS);
          await databases.redis.start();
          await until(() => others.every((each) => each.said().includes('Redis answers again')));
        }
        if (kill === Math.floor((KILLS * 5) / 8)) {
          await databases.postgres.kill();
          await pause(BETWEEN_MS);
          await databases.postgres.start();
          await until(() => others.every((each) => each.said().includes('the history answers again')));
        }
        probers = [...others, await start()];
      }
      await pause(2 * BETWEEN_MS);
      const load = loadavg()[0] ?? 0;
      await Promise.all(probers.map((each) => each.stop()));

      const slots = await slotsIn(postgres);
      const kept = [...slots.values()].flat().length;
      const missing = missingIn(slots, INTERVAL_MS).length;
      const missed = await missedIn(postgres);
      const taken = [...servers.listings.values()].reduce((sum, count) => sum + count, 0);
      const doubled = await query(
        postgres,
        'SELECT server FROM mettle_watch.looks GROUP BY server, region, slot_ms HAVING count(*) > 1',
      );
      console.log(
        `${String(KILLS)} kills, load ${load.toFixed(0)}: due ${String(kept + missing)}, kept ${String(kept)}, kept twice ${String(doubled.length)}, missed and counted ${String(missed.slots)} of ${String(missing)} ${JSON.stringify(missed.reasons)}; taken ${String(taken)}`,
      );
      expect(missed.slots).toBe(missing);
      expect(missed.reasons).not.toHaveProperty('unexplained');
      expect(doubled).toEqual([]);
      // Those cut short by a kill are taken again; so are those of a process that stood still, where there is too little time for all.
      expect(taken - kept).toBeLessThanOrEqual(KILLS * SERVERS * 0.25 + missed.slots);
    },
  );
});

function burn(): void {
  for (let i = 0; i < BURNERS; i += 1) {
    const child = spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(Math.random());'], { stdio: 'ignore' });
    onTestFinished(async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    });
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
