/*
 * One replica of cluster.test.ts, soak.mjs and the bench: takes places of a shared limit as told. Beside the limit it
 * notes in Redis, by means of its own, who runs, and reports the most that ever ran at once.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectCluster } from '@mettle/runtime/cluster';
import { Redis } from 'ioredis';

const options = JSON.parse(process.argv[2]);
const { url, name, acquisitions, holdMs, leaseMs, callers, maxConcurrent = 4, replicas = 3 } = options;
const alarms = [];
const cluster = await connectCluster({ url, replicas, leaseMs, onAlarm: ({ state }) => alarms.push(state) });
const limit = cluster.limit('test', { maxConcurrent, maxQueued: 1000, queueTimeoutMs: 600_000 });
const own = new Redis(url);
const waits = [];
let [left, most, done, aborted] = [acquisitions, 0, 0, 0];

await Promise.all(
  Array.from({ length: callers }, async (_, caller) => {
    const id = `${name}:${caller}`;
    while (left-- > 0) {
      const askedAt = performance.now();
      await limit.run(async (signal) => {
        waits.push(performance.now() - askedAt);
        const [, [, running]] = await own.multi().sadd('running', id).scard('running').exec();
        most = Math.max(most, running);
        done++;
        if (options.tells) process.send({ running });
        else if (done % 50 === 0) process.send({ most, done });
        if (holdMs > 0) await wait(options.spread ? Math.random() * holdMs : holdMs);
        if (signal.aborted) aborted++;
        await own.srem('running', id);
      });
    }
  }),
);
await cluster.close();
own.disconnect();
process.send({ most, done, waits, alarms, aborted, ended: true }, () => process.exit(0));
