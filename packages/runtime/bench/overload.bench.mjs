/*
 * What is left of a server under overload, bare and hardened.
 *
 *   node bench/overload.bench.mjs [seconds] [--rounds=3] [--sdk=v1|v2] [--no-bare]
 *
 * One tool: 3 ms of computing, 20 ms of waiting. The load is open: calls are sent when they are due, answered or not, from
 * another thread, and a caller waits one second. Each run is a process of its own, and just before it the best rate at
 * capacity is measured the same way (sixteen callers, each waiting for its answer). For machines that others use too,
 * seconds are those in which the host let the server run (Linux; elsewhere all are), for the load as for the answers.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, percentile, table } from './measure.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    sdk: { type: 'string', default: 'v1' },
    'no-bare': { type: 'boolean', default: false },
  },
});
const seconds = Number(positionals[0] ?? 6);
const WORK_MS = 3;
const steps = stepsOf(WORK_MS);
console.log(`${process.version}, SDK ${values.sdk}, ${seconds} s, ${values.rounds} rounds`);

const rows = [];
for (const times of [2.7, 10]) {
  for (const hardened of values['no-bare'] ? [true] : [false, true])
    rows.push(await examined(times, hardened));
}
console.log(table(rows));

async function examined(times, hardened) {
  const runs = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const best = await run({ hardened: false, callers: 16, seconds: 3 });
    runs.push({ best, ...(await run({ hardened, perS: best.perS * times, seconds })) });
  }
  const of = (what) => median(runs.map(what));
  const ms = (lists, at) => (lists.length === 0 ? '–' : `${percentile(lists, at).toFixed(0)} ms`);
  const all = (what) => runs.flatMap((each) => each[what]);
  return {
    load: `${times} ×`,
    server: hardened ? 'hardened' : 'bare',
    'good/s': of(({ perS }) => perS).toFixed(0),
    'of best, per CPU': of(({ perCpuS, best }) => perCpuS / best.perCpuS).toFixed(2),
    'of best': of(({ perS, best }) => perS / best.perS).toFixed(2),
    'p99 of good': ms(all('goodMs'), 0.99),
    'p99 of refusals': ms(all('refusedMs'), 0.99),
    '(by clock)': ms(all('refusedWallMs'), 0.99),
    'late or lost': all('late').join(' '),
    'heap after/before': of(({ heapAfter, heapBefore }) => heapAfter / heapBefore).toFixed(2),
    recovered: all('recoveredMs')
      .map((each) => (each === null ? 'never' : `${(each / 1000).toFixed(1)} s`))
      .join(' '),
    'CPU it got': of(({ cpuShare }) => cpuShare).toFixed(2),
  };
}

/** How many steps of the tool's loop take so long. */
function stepsOf(workMs) {
  const perRound = 200_000;
  const costs = [];
  let sum = 1;
  for (let round = 0; round < 60; round++) {
    const before = process.cpuUsage();
    for (let step = 0; step < perRound; step++) sum = (sum * 31 + step) % 1_000_003;
    costs.push(process.cpuUsage(before).user / 1000);
  }
  return sum < 0 ? 0 : Math.round((perRound * workMs) / median(costs));
}

function run(options) {
  return new Promise((resolve, reject) => {
    const child = fork(
      fileURLToPath(new URL('./overload-server.mjs', import.meta.url)),
      [JSON.stringify({ sdk: values.sdk, steps, ...options })],
      { execArgv: ['--expose-gc'] },
    );
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the server exited with ${code}`)));
  });
}
