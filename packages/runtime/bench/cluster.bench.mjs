/*
 * How long three replicas wait for the places of a limit of four that they share.
 *
 *   node bench/cluster.bench.mjs [rounds] [seconds]
 *
 * A place is held for 20 ms. With so many callers that all wait for each other, the least possible wait follows from
 * Little's law: callers ÷ (4 ÷ 20 ms) − 20 ms. Rounds of ours and of redis-semaphore take turns; a PING every 5 ms beside
 * them shows what one question to Redis took at that time. Needs redis-server or valkey-server.
 */
import { fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startRedis, whyNot } from '../test/cluster/redis.js';
import { contender, median, percentile, table } from './measure.mjs';

if (whyNot !== undefined) {
  console.log(`skipped: ${whyNot}`);
  process.exit(0);
}
const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const HOLD_MS = 20;
const engines = { '@mettle/runtime': { file: '../test/cluster/replica.js', isRedisSafe: false } };
await contender('redis-semaphore', (_, entry) => {
  engines['redis-semaphore'] = { file: './cluster-semaphore.mjs', entry };
});

const redis = await startRedis();
const rows = [];
try {
  for (const callers of [1, 2, 6]) {
    const waits = new Map(Object.keys(engines).map((name) => [name, []]));
    const pings = [];
    for (let round = 0; round < rounds; round++) {
      for (const [name, engine] of Object.entries(engines)) {
        const seen = await run(engine, callers);
        waits.get(name).push(seen.waits);
        pings.push(...seen.pings);
      }
    }
    const least = Math.max(0, ((3 * callers) / 4) * HOLD_MS - HOLD_MS);
    for (const [name, lists] of waits) {
      const at = (part) => `${median(lists.map((list) => percentile(list, part))).toFixed(1)} ms`;
      rows.push({
        callers: `3 × ${callers}`,
        engine: name,
        'least possible': `${least} ms`,
        'median wait': at(0.5),
        p95: at(0.95),
        worst: at(1),
        'per second': median(lists.map((list) => list.length / seconds)).toFixed(0),
        'PING p95': `${percentile(pings, 0.95).toFixed(1)} ms`,
      });
    }
  }
} finally {
  await redis.remove();
}
console.log(`${process.version}, medians of ${rounds} rounds of ${seconds} s\n${table(rows)}`);

async function run(engine, callers) {
  const options = { url: redis.url, callers, seconds, holdMs: HOLD_MS, leaseMs: 15_000, ...engine };
  const children = [1, 2, 3].map((at) =>
    fork(fileURLToPath(new URL(engine.file, import.meta.url)), [JSON.stringify({ ...options, name: at })]),
  );
  const own = new Redis(redis.url);
  const pings = [];
  const state = { isOver: false };
  const pinging = ping(own, pings, state);
  const reports = await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve, reject) => {
          child.on('message', (message) => message.waits && resolve(message.waits));
          child.on('exit', (code) => reject(new Error(`a replica exited with ${code}`)));
        }),
    ),
  );
  state.isOver = true;
  await pinging;
  own.disconnect();
  return { waits: reports.flat(), pings };
}

async function ping(own, pings, state) {
  while (!state.isOver) {
    const at = performance.now();
    await own.ping();
    pings.push(performance.now() - at);
    await wait(5);
  }
}
