/*
 * One replica of cluster.test.ts, soak.mjs, faults.mjs and the bench: takes places of a shared limit as told, and says
 * what it saw. Who runs is noted beside the limit: in Redis by means of our own, or, where Redis is to fail, in times of
 * the clock that all processes of a machine share.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connectCluster } from '@mettle/runtime/cluster';
import { Redis } from 'ioredis';

const options = JSON.parse(process.argv[2]);
const { url, name, acquisitions, seconds, holdMs, leaseMs, callers } = options;
const alarms = [];
const cluster = await connectCluster({
  url,
  replicas: 3,
  leaseMs,
  onAlarm: ({ state }) => alarms.push({ state, atMs: nowMs() }),
});
const limit = cluster.limit('test', { maxConcurrent: 4, maxQueued: 1000, queueTimeoutMs: 600_000 });
const own = options.isRedisSafe === false ? undefined : new Redis(url);
if (options.isRedisSafe === false) process.send({ began: true });
const waits = [];
const runs = [];
let [left, most, done, aborted] = [acquisitions ?? Infinity, 0, 0, 0];
const endsAtMs = seconds === undefined ? Infinity : nowMs() + seconds * 1000;

await Promise.all(
  Array.from({ length: callers }, async (_, caller) => {
    while (left-- > 0 && nowMs() < endsAtMs) {
      const askedAtMs = nowMs();
      await limit.run(async (signal) => {
        waits.push(nowMs() - askedAtMs);
        await run(`${name}:${caller}`);
        if (signal.aborted) aborted++;
      });
    }
  }),
);
await cluster.close();
own?.disconnect();
process.send({ most, done, waits, runs, alarms, aborted, ended: true }, () => process.exit(0));

async function run(id) {
  const fromMs = nowMs();
  done++;
  if (own !== undefined) {
    const [, [, running]] = await own.multi().sadd('running', id).scard('running').exec();
    most = Math.max(most, running);
    if (options.tells) process.send({ running });
    else if (done % 50 === 0) process.send({ most, done });
  }
  if (holdMs > 0) await wait(options.isSpread ? Math.random() * holdMs : holdMs);
  await own?.srem('running', id);
  if (own === undefined) runs.push([fromMs, nowMs()]);
}

/** Comparable between the processes of one machine. */
function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
