/*
 * node bench/race-planted.bench.mjs [--trials N] [--only NAME] [--json FILE]
 * Eight small servers with one race each (packages/mettle/test/explore/trials/fixtures/planted) in three ways: calls at
 * once again and again as they come, the same with seeded random delays, and schedules chosen by preemptions. The first
 * two are judged by the truth of each server, their best case; ours by nothing but what orders of the same calls give.
 * Then six correct servers that look as if they raced.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseRunner, exploreScenario, Trials } from '../packages/mettle/dist/explore/index.js';
import { PLANTS, TWINS } from '../packages/mettle/test/explore/trials/fixtures/planted/plants.mjs';

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
const folder = fileURLToPath(
  new URL('../packages/mettle/test/explore/trials/fixtures/planted/', import.meta.url),
);
const rows = [];

for (const plant of PLANTS.filter(({ name }) => name.includes(values.only))) {
  process.stdout.write(`| ${plant.name} (${plant.what})`);
  const row = await withServer(plant, async (trials) => {
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
  const row = await withServer(twin, async (trials) => ({
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

async function withServer(plant, work) {
  const service = plant.backend === undefined ? null : await started(plant.backend);
  const files = plant.files === undefined ? null : mkdtempSync(join(tmpdir(), 'race-planted-'));
  for (const [name, content] of Object.entries(plant.files ?? {})) writeFileSync(join(files, name), content);
  const trials = await Trials.open({
    target: {
      kind: 'stdio',
      command: [process.execPath, join(folder, 'serve.mjs'), plant.name],
      env: service === null ? {} : { BACKEND: service.port },
      cwd: folder,
    },
    state: files === null ? null : { copy: files, env: 'PLANTED_STATE' },
    replies: {},
    processes: 1,
    connections: 1,
  });
  try {
    return await work(trials);
  } finally {
    await trials.close();
    service?.process.stdin.end();
    if (files !== null) rmSync(files, { recursive: true, force: true });
  }
}

async function started(name) {
  const child = spawn(process.execPath, [join(folder, `${name}.mjs`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const port = await new Promise((resolve) =>
    child.stdout.once('data', (text) => resolve(String(text).trim())),
  );
  return { process: child, port };
}

/** `12 of 100`: how often the truth was broken. */
async function hits(trials, plant, calls, schedule) {
  const repeats = plant.classes.includes('hang') ? REPEATS_OF_HANGS : REPEATS;
  const request = { setup: plant.setup ?? [], calls, observe: plant.observe ?? [] };
  // State in memory would be carried on: each begins anew.
  const runner = await chooseRunner(trials, rehearsals(plant), 'auto');
  let broken = 0;
  for (let i = 0; i < repeats; i++) {
    const trial = await runner.run({ ...request, schedule: schedule(i) });
    if (plant.broken({ ...trial, calls })) broken += 1;
  }
  return `${broken} of ${repeats}`;
}

function rehearsals({ calls, setup = [], observe = [] }) {
  return calls.map((call) => ({
    setup,
    calls: [call],
    observe,
    schedule: { strategy: 'sequential', order: ['A'] },
  }));
}

async function searched(trials, plant, calls, maxTrials = 400) {
  const runner = await chooseRunner(trials, rehearsals(plant), 'auto');
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
