/*
 * offload against the pools it could have been: fairness, recovery after a kill, cost of a small task.
 *
 *   node bench/pool.bench.mjs [rounds] [seconds of each]
 *
 * Packages to compare with are installed into .cache/bench.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPool } from '@mettle/runtime/offload';
import { Piscina } from 'piscina';
import { contender, interleaved, median, table } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 9);
const seconds = Number(process.argv[3] ?? 2);
const url = new URL('./pool-work.mjs', import.meta.url);
const file = fileURLToPath(url);
process.on('warning', () => {});

/** Makes a pool of so many threads; `run(name, argument, { signal, timeoutMs })`. */
const pools = {
  '@mettle/runtime offload': (threads) => {
    const pool = createPool(url, { threads, maxQueued: 1000 });
    return {
      run: (name, argument, options) => pool.task(name)(argument, options),
      close: () => pool.close(0),
    };
  },
};
pools['piscina alone'] = (threads) => {
  const pool = new Piscina({
    filename: file,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
  });
  return {
    run: (name, argument, { signal } = {}) =>
      pool.run(argument, { name, signal: signal ?? new AbortController().signal }),
    close: () => pool.destroy(),
  };
};
await contender('tinypool', ({ Tinypool }) => {
  pools['tinypool'] = (threads) => {
    const pool = new Tinypool({
      filename: url.href,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Infinity,
    });
    return {
      run: (name, argument, { signal } = {}) =>
        pool.run(argument, { name, signal: signal ?? new AbortController().signal }),
      close: () => pool.destroy(),
    };
  };
});
await contender('workerpool', ({ default: workerpool }, entry) => {
  process.env.WORKERPOOL = entry;
  pools['workerpool'] = (threads) => {
    const pool = workerpool.pool(fileURLToPath(new URL('./pool-workerpool.mjs', import.meta.url)), {
      workerType: 'thread',
      minWorkers: threads,
      maxWorkers: threads,
    });
    const run = (name, argument, { timeoutMs } = {}) => {
      const task = pool.exec(name, [argument]);
      return timeoutMs === undefined ? task : task.timeout(timeoutMs);
    };
    return { run, close: () => pool.terminate(true) };
  };
});

// In turns: the worst of one long run would tell of the host's worst moment, and of whose turn that was.
const worst = new Map(Object.keys(pools).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  const order = Object.entries(pools);
  for (const [name, make] of round % 2 === 0 ? order : order.toReversed())
    worst.get(name).push(await fairness(make));
}
const rows = [];
for (const [name, make] of Object.entries(pools)) {
  rows.push({
    pool: name,
    'worst wait of 20 callers, median of rounds': `${median(worst.get(name)).toFixed(0)} ms`,
    'in the worst round': `${Math.max(...worst.get(name)).toFixed(0)} ms`,
    ...(await recovery(make)),
  });
}
console.log(`${process.version}, ${rounds} rounds of ${seconds} s\n${table(rows)}`);

const open = Object.fromEntries(Object.entries(pools).map(([name, make]) => [name, make(1)]));
const cost = await interleaved(
  Object.fromEntries(Object.entries(open).map(([name, pool]) => [name, () => pool.run('nothing', 1)])),
  { rounds: 15, calls: 300 },
);
console.log(
  `\n${table(Object.keys(open).map((name) => ({ pool: name, 'small task, µs of CPU of all threads': (median(cost.get(name)) / 1000).toFixed(0) })))}`,
);
await Promise.all(Object.values(open).map((pool) => pool.close()));
process.exit(0);

/** Twenty callers of one thread, two milliseconds a task: the longest that anyone waited. */
async function fairness(make) {
  const pool = make(1);
  await pool.run('busy', 1);
  let worstMs = 0;
  const endsAt = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      while (performance.now() < endsAt) {
        const at = performance.now();
        await pool.run('busy', 2);
        worstMs = Math.max(worstMs, performance.now() - at);
      }
    }),
  );
  await pool.close();
  return worstMs;
}

/** A catastrophic regular expression is stopped after 200 ms while another task waits. */
async function recovery(make) {
  const pool = make(1);
  const rejected = [];
  const served = [];
  for (let round = 0; round < 5; round++) {
    await pool.run('busy', 1);
    await wait(500);
    const abort = new AbortController();
    const startedAt = performance.now();
    const deadline = startedAt + 200;
    const timer = setTimeout(() => abort.abort(), 200);
    const stuck = pool
      .run('backtrack', 40, { signal: abort.signal, timeoutMs: 200 })
      .catch(() => rejected.push(performance.now() - deadline));
    const next = pool.run('busy', 1).then(() => served.push(performance.now() - deadline));
    await Promise.all([stuck, next]);
    clearTimeout(timer);
  }
  await pool.close();
  return {
    'killed after its deadline': `${median(rejected).toFixed(0)} ms`,
    'next task served after it': `${median(served).toFixed(0)} ms`,
  };
}
