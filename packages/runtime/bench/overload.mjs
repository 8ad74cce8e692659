/*
 * What is left of a server under overload, bare and hardened.
 *
 *   node bench/overload.mjs [seconds] [--sdk=v1|v2] [--http]
 *
 * One tool: 3 ms of CPU, 20 ms of waiting. The load is open: calls are sent when they are due, answered or not, from
 * another thread, and a caller waits one second. Capacity is measured first, closed (eight callers, each waiting for its
 * answer). Each row is a process of its own; bare and hardened take turns.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { percentile, table } from './measure.mjs';

const seconds = Number(process.argv[2] ?? 6);
const sdk = process.argv.find((word) => word.startsWith('--sdk='))?.slice(6) ?? 'v1';
const rounds = Number(process.argv.find((word) => word.startsWith('--rounds='))?.slice(9) ?? 1);

const capacity = Math.max(
  ...(await each([1, 2, 3], () => run({ hardened: false, callers: 8, seconds: 3 }))).map((r) => r.goodPerS),
);
console.log(
  `${process.version}, SDK ${sdk}: at capacity ${capacity.toFixed(0)} good answers per second (best of 3)\n`,
);

const rows = [];
for (const times of [2.7, 10]) {
  for (let round = 0; round < rounds; round++) {
    for (const hardened of round % 2 === 0 ? [false, true] : [true, false]) {
      const result = await run({ hardened, perS: capacity * times, seconds });
      rows.push({
        load: `${times} ×`,
        server: hardened ? 'hardened' : 'bare',
        'good/s': result.goodPerS.toFixed(0),
        'of capacity': (result.goodPerS / capacity).toFixed(2),
        'p99 of good': ms(result.good, 0.99),
        'refused/s': (result.refused.length / seconds).toFixed(0),
        'p99 of refusals': ms(result.refused, 0.99),
        'late or lost': result.late,
        'heap after/before': (result.heapAfter / result.heapBefore).toFixed(2),
        'recovered after': result.recoveredMs === null ? 'never' : `${result.recoveredMs.toFixed(0)} ms`,
      });
    }
  }
}
console.log(table(rows));

async function each(list, work) {
  const results = [];
  for (const one of list) results.push(await work(one));
  return results;
}

function ms(values, at) {
  return values.length === 0 ? '–' : `${percentile(values, at).toFixed(0)} ms`;
}

function run(options) {
  return new Promise((resolve, reject) => {
    const child = fork(
      fileURLToPath(new URL('./overload-server.mjs', import.meta.url)),
      [JSON.stringify({ sdk, ...options })],
      {
        execArgv: ['--expose-gc'],
      },
    );
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the server exited with ${code}`)));
  });
}
