/*
 * node bench/race-planted.bench.mjs [--trials N] [--only NAME] [--json FILE]
 * Eight small servers with one race each (packages/mettle/test/explore/trials/fixtures/planted) in three ways: calls at
 * once again and again as they come, the same with seeded random delays, and schedules chosen by preemptions. The first
 * two are judged by the truth of each server, their best case; ours by nothing but what orders of the same calls give.
 * Then six correct servers that look as if they raced.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chooseRunner, exploreScenario } from '../packages/mettle/dist/explore/index.js';
import { PLANTS, TWINS } from '../packages/mettle/test/explore/trials/fixtures/planted/plants.mjs';
import {
  rehearsalsOf,
  withPlanted,
} from '../packages/mettle/test/explore/trials/fixtures/planted/with-planted.mjs';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const REPEATS = Number(values.trials);
/** A trial that hangs costs its patience each time: fewer of them say the same. */
const REPEATS_OF_HANGS = Math.min(10, REPEATS);
const LONGEST_DELAY_MS = 20;
const rows = [];

for (const plant of PLANTS.filter(({ name }) => name.includes(values.only))) {
  process.stdout.write(`| ${plant.name} (${plant.what})`);
  const row = await withPlanted(plant, 'stdio', async (trials) => {
    const delayed = (i) => ({ strategy: 'delay', seed: i + 1, longestMs: LONGEST_DELAY_MS });
    const ours = cell(await searched(trials, plant, plant.calls), said);
    const reversed = cell(await searched(trials, plant, plant.calls.toReversed()), said);
    const twenty = cell(await hits(trials, plant, plant.many(20), () => ({ strategy: 'free' })));
    const two = cell(await hits(trials, plant, plant.calls, () => ({ strategy: 'free' })));
    return {
      name: plant.name,
      ours,
      reversed,
      twenty,
      two,
      delayed: cell(await hits(trials, plant, plant.calls, delayed)),
    };
  });
  console.log(' |');
  rows.push(row);
}
for (const twin of TWINS.filter(({ name }) => name.includes(values.only))) {
  const row = await withPlanted(twin, 'stdio', async (trials) => ({
    name: twin.name,
    ours: await searched(trials, twin, twin.calls, 1000),
  }));
  rows.push(row);
  const { alarms, warnings, trials, reset } = row.ours;
  console.log(`| ${row.name} | ${trials} trials | ${alarms} alarms | ${warnings} warnings | ${reset} |`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);

/** Told as soon as it is known: on a busy machine a row takes minutes. */
function cell(value, words = String) {
  process.stdout.write(` | ${words(value)}`);
  return value;
}

function said({ found, trials, token, msPerTrial }) {
  return found === null
    ? `not in ${trials}`
    : `**${found}** of ${trials} (\`${token}\`, ${Math.round(msPerTrial)} ms each)`;
}

/** `12 of 100`: how often the truth was broken. */
async function hits(trials, plant, calls, schedule) {
  const repeats = plant.classes.includes('hang') ? REPEATS_OF_HANGS : REPEATS;
  const request = { setup: plant.setup ?? [], calls, observe: plant.observe ?? [] };
  // State in memory would be carried on: each begins anew.
  const runner = await chooseRunner(trials, rehearsalsOf(plant), 'auto');
  let broken = 0;
  for (let i = 0; i < repeats; i++) {
    const trial = await runner.run({ ...request, schedule: schedule(i) });
    if (plant.broken({ ...trial, calls })) broken += 1;
  }
  return `${broken} of ${repeats}`;
}

async function searched(trials, plant, calls, maxTrials = 400) {
  const runner = await chooseRunner(trials, rehearsalsOf(plant), 'auto');
  const startedAt = performance.now();
  const { pair, violations } = await exploreScenario({
    runner,
    setup: plant.setup ?? [],
    calls,
    observe: plant.observe ?? [],
    names: calls.map(({ tool }) => tool),
    preemptionBound: 2,
    seed: 1,
    invariants: [],
    ignore: [],
    maxTrials,
  });
  const faults = violations.filter((each) => each.class !== 'results');
  return {
    found: faults[0]?.foundInTrial ?? null,
    token: faults[0]?.token ?? null,
    trials: pair.trials,
    bad: pair.badTrials,
    bound: pair.completeBound,
    alarms: faults.length,
    warnings: violations.length - faults.length,
    reset: runner.reset,
    undecided: pair.undecided,
    msPerTrial: (performance.now() - startedAt) / pair.trials,
  };
}
