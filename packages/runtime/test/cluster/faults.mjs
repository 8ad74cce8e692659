/*
 * Redis fails under three replicas of one limit: it stands still for ten seconds, is killed and comes back empty after
 * three, and at once. Nothing hangs, no place is lost; while Redis is there never more run than the limit, while it is
 * away never more than the limit and one share for each replica that held none.
 *
 *   node packages/runtime/test/cluster/faults.mjs [rounds]
 *
 * Needs redis-server or valkey-server.
 */
import { fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startRedis, whyNot } from './redis.js';

if (whyNot !== undefined) {
  console.log(`skipped: ${whyNot}`);
  process.exit(0);
}
const LIMIT = 4;
const REPLICAS = 3;
const SHARE = Math.floor(LIMIT / REPLICAS);
/** How long all stays well between faults: more than it takes all replicas to find out and to settle. */
const QUIET_MS = 9000;
const FAULTS = {
  'paused for 10 s': async (redis) => {
    redis.pause();
    await wait(10_000);
    redis.resume();
  },
  'killed, back empty after 3 s': async (redis) => {
    await redis.kill();
    await wait(3000);
    await redis.start();
  },
  'killed, back empty at once': async (redis) => {
    await redis.kill();
    await redis.start();
  },
};

let faults = 0;
for (let round = 0; round < Number(process.argv[2] ?? 1); round++) {
  for (const [fault, happen] of Object.entries(FAULTS)) await examine(fault, happen);
}
process.exitCode = faults === 0 ? 0 : 1;

async function examine(fault, happen) {
  const redis = await startRedis();
  try {
    const seconds = (fault.includes('10 s') ? 10 : 3) + (2 * QUIET_MS) / 1000;
    const replicas = Array.from({ length: REPLICAS }, (_, at) => replica(redis.url, at, seconds));
    await Promise.all(replicas.map(({ started }) => started));
    await wait(QUIET_MS / 3);
    const fromMs = nowMs();
    await happen(redis);
    const untilMs = nowMs() + QUIET_MS * 0.75;
    const reports = await Promise.all(replicas.map(({ ended }) => ended));
    const runs = reports.flatMap((report) => report.runs);
    const own = new Redis(redis.url);
    const left = await own.zcard('{mettle:limit:test}:holders');
    own.disconnect();
    const without = most(runs.filter(([, end]) => end < fromMs || end > untilMs));
    const during = most(runs);
    const isWell = without <= LIMIT && during <= LIMIT + (REPLICAS - 1) * SHARE && left === 0;
    if (!isWell) faults++;
    const told = reports.map(({ alarms }) => alarms.map(({ state }) => state).join('+') || 'none').join(', ');
    const longest = Math.max(...reports.flatMap(({ waits }) => waits));
    console.log(
      `${isWell ? '✓' : '✗'} Redis ${fault}: at most ${without} of ${LIMIT} at once while it was there, ${during} around its absence; ${left} places lost; ${runs.length} runs, longest wait ${longest.toFixed(0)} ms; alarms ${told}`,
    );
  } finally {
    await redis.remove();
  }
}

function replica(url, at, seconds) {
  const options = { url, name: `replica ${at}`, seconds, holdMs: 40, isSpread: true, callers: 6 };
  const file = fileURLToPath(new URL('./replica.js', import.meta.url));
  const child = fork(file, [JSON.stringify({ ...options, leaseMs: 15_000, isRedisSafe: false })]);
  let began;
  const started = new Promise((resolve) => (began = resolve));
  const ended = new Promise((resolve, reject) => {
    child.on('message', (message) => (message.began ? began() : resolve(message)));
    child.once('exit', (code) => reject(new Error(`replica ${at}: exit ${code}`)));
  });
  return { started, ended };
}

/** The most runs that overlap at any moment. */
function most(runs) {
  const changes = runs.flatMap(([from, to]) => [
    [from, 1],
    [to, -1],
  ]);
  changes.sort(([a, one], [b, other]) => a - b || one - other);
  let [running, highest] = [0, 0];
  for (const [, change] of changes) highest = Math.max(highest, (running += change));
  return highest;
}

function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
