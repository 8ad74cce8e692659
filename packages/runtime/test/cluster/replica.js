/* One replica of cluster.test.ts: takes places of a shared limit as told, and says when it holds one. */
import { connectCluster } from '@mettle/runtime/cluster';

const { url, acquisitions, holdMs, leaseMs, callers } = JSON.parse(process.argv[2]);
const cluster = await connectCluster({ url, replicas: 3, leaseMs, onAlarm: () => {} });
const limit = cluster.limit('test', { maxConcurrent: 4, maxQueued: 1000, queueTimeoutMs: 600_000 });
const { Redis } = await import('ioredis');
const own = new Redis(url);
const waits = [];
let left = acquisitions;

await Promise.all(
  Array.from({ length: callers }, async () => {
    while (left-- > 0) {
      const askedAt = performance.now();
      await limit.run(async () => {
        waits.push(performance.now() - askedAt);
        const running = await own.incr('running');
        process.send({ running });
        if (holdMs > 0) await new Promise((done) => setTimeout(done, holdMs));
        await own.decr('running');
      });
    }
  }),
);
process.send({ waits }, () => process.exit(0));
