/* One replica of cluster.bench.mjs that uses redis-semaphore as it comes. */
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

const { url, callers, seconds, holdMs, entry } = JSON.parse(process.argv[2]);
const { Semaphore } = (await import(entry)).all;
const client = new Redis(url);
const waits = [];
const endsAt = performance.now() + seconds * 1000;
process.send({ began: true });
await Promise.all(
  Array.from({ length: callers }, async () => {
    while (performance.now() < endsAt) {
      const askedAt = performance.now();
      const semaphore = new Semaphore(client, 'bench', 4, { acquireTimeout: 60_000, lockTimeout: 15_000 });
      await semaphore.acquire();
      waits.push(performance.now() - askedAt);
      await wait(holdMs);
      await semaphore.release();
    }
  }),
);
client.disconnect();
process.send({ waits }, () => process.exit(0));
