/*
 * What one uncontended call costs: keyed mutex and limit against the packages that are commonly used.
 *
 *   node bench/primitives.bench.mjs
 *
 * CPU time in nanoseconds, rounds interleaved; "more than none" is the median of the differences to calling the work
 * directly, round by round. Packages to compare with are installed into .cache/bench.
 */
import { createExclusive } from '@mettle/runtime/exclusive';
import { createLimit } from '@mettle/runtime/limit';
import { contender, interleaved, median, pairedDifference, percentile, table } from './measure.mjs';

const work = async () => 1;
const none = { none: work };

const exclusive = createExclusive();
const mutexes = { ...none, '@mettle/runtime exclusive': () => exclusive('key', work) };
await contender('async-mutex', ({ Mutex }) => {
  const locks = new Map();
  mutexes['async-mutex, a Map of them'] = () => {
    let lock = locks.get('key');
    if (lock === undefined) locks.set('key', (lock = new Mutex()));
    return lock.runExclusive(work);
  };
});
await show('Keyed mutex', mutexes);

const limit = createLimit({ maxConcurrent: 10 });
const one = createLimit({ maxConcurrent: 1, maxQueued: 200 });
const limits = { ...none, '@mettle/runtime limit': () => limit.run(work) };
await contender('p-limit', ({ default: pLimit }) => {
  const run = pLimit(10);
  limits['p-limit'] = () => run(work);
});
await contender('p-queue', ({ default: PQueue }) => {
  const queue = new PQueue({ concurrency: 10 });
  limits['p-queue'] = () => queue.add(work);
});
await contender('fastq', ({ promise }) => {
  const queue = promise(work, 10);
  limits['fastq'] = () => queue.push(1);
});
await contender('cockatiel', ({ bulkhead }) => {
  const policy = bulkhead(10, 10);
  limits['cockatiel bulkhead'] = () => policy.execute(work);
});
await show('Limit', limits);

console.log(`\nA victim behind 100 queued calls of another is served`);
console.log(`  @mettle/runtime limit: ${await victim((run, lane) => one.run(run, { lane }))}.`);
await contender('p-limit', async ({ default: pLimit }) => {
  const run = pLimit(1);
  console.log(`  p-limit: ${await victim((work_) => run(work_))}.`);
});

async function show(title, contenders) {
  const cost = await interleaved(contenders, { rounds: 41, calls: 5000 });
  const rows = Object.keys(contenders).map((name) => ({
    [title]: name,
    'ns, median': median(cost.get(name)).toFixed(0),
    'ns, least': percentile(cost.get(name), 0).toFixed(0),
    'more than none': pairedDifference(cost, name, 'none').toFixed(0),
  }));
  console.log(`\n${process.version}\n${table(rows)}`);
}

async function victim(run) {
  const order = [];
  const crowd = Array.from({ length: 101 }, () => run(async () => order.push('crowd'), 'crowd'));
  const last = run(async () => order.push('victim'), 'victim');
  await Promise.all([...crowd, last]);
  return order.indexOf('victim') + 1;
}
