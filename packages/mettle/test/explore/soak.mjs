/*
 * node packages/mettle/test/explore/soak.mjs [--trials 10000] [--only c1-mutex] [--seed 1]
 * Real trials of the correct servers that look as if they raced (a mutex, exclusive creation, an idempotent write, clocks
 * and ids, a polled lock): all schedules up to two preemptions, then random walks, POS and PCT, of two calls and of
 * three. Each is judged by the orders of its calls: a fault of the state, an error or a hang is a false alarm, and makes
 * the exit code 1. Part of `npm run soak`.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chooseRunner, exploreScenario } from '../../dist/explore/index.js';
import { judge } from '../../dist/explore/oracle/judge.js';
import { runReferences } from '../../dist/explore/oracle/references.js';
import { TWINS } from './trials/fixtures/planted/plants.mjs';
import { rehearsalsOf, withPlanted } from './trials/fixtures/planted/with-planted.mjs';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '10000' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const twins = TWINS.filter(({ name, warns }) => warns !== true && name.includes(values.only));
const perCase = Math.ceil(Number(values.trials) / twins.length / 2);
const SEED = Number(values.seed);
/** A polled lock has schedules without number. */
const MOST_BOUNDED = Math.min(500, Math.floor(perCase / 2));
let [all, alarms] = [0, 0];

console.log(
  '| server | calls | trials | schedules with ≤ 2 preemptions | different traces | state, error, hang | answers only | undecided | ms each |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const twin of twins) {
  const [first, second] = twin.calls;
  for (const calls of [
    [first, second],
    [first, second, twin.calls[2] ?? first],
  ])
    await withPlanted(twin, 'stdio', (trials) => soak(trials, twin, calls));
}
console.log(`\n${all} trials, ${alarms} false alarms.`);
process.exitCode = alarms === 0 ? 0 : 1;

async function soak(trials, { name, observe = [] }, calls) {
  const startedAt = performance.now();
  const runner = await chooseRunner(trials, rehearsalsOf({ calls, observe }), 'auto');
  const bounded = await exploreScenario({
    runner,
    setup: [],
    calls,
    observe,
    names: calls.map(({ tool }) => tool),
    preemptionBound: 2,
    seed: SEED,
    invariants: [],
    ignore: [],
    maxTrials: MOST_BOUNDED,
  });
  const sampled = await sample(runner, { calls, observe }, perCase - bounded.pair.trials);
  const faults = bounded.violations.filter((each) => each.class !== 'results').length + sampled.alarms;
  const count = bounded.pair.trials + sampled.trials;
  all += count;
  alarms += faults;
  const complete = bounded.pair.completeBound === 2 ? 'all' : 'first';
  console.log(
    `| ${name} | ${calls.length} | ${count} | ${complete} ${bounded.pair.trials} | ${sampled.traces} of ${sampled.trials} | ${faults} | ${sampled.warnings} | ${sampled.undecided + (bounded.pair.undecided === null ? 0 : 1)} | ${((performance.now() - startedAt) / count).toFixed(0)} |`,
  );
}

/** Schedules chosen by seed, judged like those that are searched. */
async function sample(runner, { calls, observe }, count) {
  const run = (schedule) => runner.run({ setup: [], calls, observe, schedule });
  const options = { ignore: [], invariants: [] };
  const result = await runReferences(calls, (order) => run({ strategy: 'sequential', order }), options);
  if (!result.judged) throw new Error(`no order to judge by: ${result.why}`);
  const { references } = result;
  const length = Math.max(...references.trials.map(({ record }) => record.steps.length));
  const seen = { trials: 0, alarms: 0, warnings: 0, undecided: 0 };
  const traces = new Set();
  for (let i = 0; i < count; i++) {
    const seed = SEED * 1_000_003 + i;
    const schedule = [
      { strategy: 'random', seed },
      { strategy: 'pos', seed },
      { strategy: 'pct', seed, depth: 2, length },
      { strategy: 'pct', seed, depth: 3, length },
    ][i % 4];
    const trial = await run(schedule);
    seen.trials += 1;
    traces.add(
      createHash('sha256')
        .update(trial.record.steps.map(({ id }) => id).join())
        .digest('base64'),
    );
    const judgement = judge(trial, references, []);
    if (judgement.kind === 'inconclusive') seen.undecided += 1;
    if (judgement.kind !== 'fault') continue;
    if (judgement.class === 'results') {
      seen.warnings += 1;
      continue;
    }
    seen.alarms += 1;
    console.log(`false alarm ${judgement.class}: ${JSON.stringify(schedule)}`);
    console.log(JSON.stringify({ answers: trial.answers, observed: trial.observed, files: trial.files }));
  }
  return { ...seen, traces: traces.size };
}
