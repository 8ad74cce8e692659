/*
 * Three replicas of one limit, some of which are killed while they hold places: never more run than the limit, nobody
 * waits for ever, and no place is lost.
 *
 *   node packages/runtime/test/cluster/soak.mjs [acquisitions] [kills]
 *
 * Needs redis-server or valkey-server.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startRedis, whyNot } from './redis.js';

const acquisitions = Number(process.argv[2] ?? 100_000);
const kills = Number(process.argv[3] ?? 10);
if (whyNot !== undefined) {
  console.log(`skipped: ${whyNot}`);
  process.exit(0);
}

const LIMIT = 4;
const LEASE_MS = 3000;
const REPLICAS = 3;
const redis = await startRedis();
const own = new Redis(redis.url);
const seen = { most: 0, done: 0, killedWhileHolding: 0, alarms: 0, aborted: 0, waits: [] };
const between = acquisitions / (kills + 1);
let [started, killed] = [0, 0];
const startedAt = performance.now();
try {
  await Promise.all(Array.from({ length: REPLICAS }, keepRunning));
  const left = await own.zcard('{mettle:limit:test}:holders');
  const took = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(
    `${seen.done} acquisitions in ${took} s, ${killed} replicas killed, ${seen.killedWhileHolding} places held by them`,
  );
  console.log(`at most ${seen.most} at once of ${LIMIT}; ${left} places still taken at the end`);
  console.log(`alarms ${seen.alarms}, work aborted ${seen.aborted}; wait ${summary(seen.waits)}`);
  process.exitCode = seen.most <= LIMIT && left === 0 && seen.aborted === 0 ? 0 : 1;
} finally {
  own.disconnect();
  await redis.remove();
}

/** One replica after the other, for some are killed on the way. */
async function keepRunning() {
  let left = Math.ceil(acquisitions / REPLICAS);
  while (left > 0) left -= await oneReplica(left);
}

/** Resolves with how many places it took. */
function oneReplica(left) {
  const name = `replica ${++started}`;
  const options = { url: redis.url, name, acquisitions: left, holdMs: 2, isSpread: true, callers: 6 };
  const file = fileURLToPath(new URL('./replica.js', import.meta.url));
  const child = fork(file, [JSON.stringify({ ...options, leaseMs: LEASE_MS })]);
  let done = 0;
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      seen.most = Math.max(seen.most, message.most);
      seen.done += message.done - done;
      done = message.done;
      if (message.ended) {
        seen.alarms += message.alarms.length;
        seen.aborted += message.aborted;
        seen.waits.push(...message.waits);
      } else if (killed < kills && seen.done >= (killed + 1) * between) {
        killed++;
        child.kill('SIGKILL');
      }
    });
    child.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL')
        return code === 0 ? resolve(left) : reject(new Error(`${name}: exit ${code}`));
      resolve(bury(name).then(() => done));
    });
  });
}

/** The dead run nothing any more: what they had noted goes, long before their places lapse. */
async function bury(name) {
  const theirs = (await own.smembers('running')).filter((id) => id.startsWith(`${name}:`));
  seen.killedWhileHolding += theirs.length;
  if (theirs.length > 0) await own.srem('running', ...theirs);
}

function summary(waits) {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (part) => `${sorted[Math.floor(part * (sorted.length - 1))]?.toFixed(0)} ms`;
  return `median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)}`;
}
