/*
 * node bench/race-replay.bench.mjs [--nodes 20.19.0,24.21.0] [--repeats 100] [--only 'b[1-4]'] [--way module|stdio]
 * The same token, the same trace? Each planted race is searched for, and the token of what is found followed again and
 * again: in process (the module's factory, as `race` of mettle/testing and `mettle race --module` have it) and over stdio,
 * on each Node.js. A trace is every step with its lane, kind, phase and file, and all that came of it: answers, probes,
 * files. The correct twins are replayed with a token of their own. Traces of different versions are compared, too.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseRunner, exploreScenario } from '../packages/mettle/dist/explore/index.js';
import { follow } from '../packages/mettle/dist/explore/tokens/follow.js';
import { parseToken } from '../packages/mettle/dist/explore/tokens/token.js';
import { PLANTS, TWINS } from '../packages/mettle/test/explore/trials/fixtures/planted/plants.mjs';
import {
  rehearsalsOf,
  withPlanted,
} from '../packages/mettle/test/explore/trials/fixtures/planted/with-planted.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20.19.0,22.23.3,24.21.0,26.10.0' },
    repeats: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    way: { type: 'string' },
    /** One version's part, in its own Node.js. */
    here: { type: 'boolean', default: false },
  },
});
const REPEATS = Number(values.repeats);
/** Of a server without a fault: interrupted after its second step. */
const TWINS_TOKEN = 'A,B:A#2>B';

if (values.here) await measureHere();
else await measureAll();

async function measureAll() {
  const script = fileURLToPath(new URL('../scripts/node-versions.mjs', import.meta.url));
  const fetched = spawnSync(process.execPath, [script, ...values.nodes.split(',')], { encoding: 'utf8' });
  const traces = new Map();
  let [same, all] = [0, 0];
  for (const [version, node] of Object.entries(JSON.parse(fetched.stdout))) {
    console.log(`\nNode.js ${version}\n\n| server | way | token | same trace | found in schedule | trace |`);
    console.log('|---|---|---|---|---|---|');
    const ways = values.way === undefined ? [] : ['--way', values.way];
    const words = [fileURLToPath(import.meta.url), '--here', '--repeats', values.repeats, ...ways];
    const child = spawn(node, [...words, '--only', values.only], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    for await (const line of createInterface(child.stdout)) {
      const row = JSON.parse(line);
      console.log(
        `| ${row.name} | ${row.way} | \`${row.token}\` | ${row.same} of ${REPEATS} | ${row.foundIn} | ${row.trace} |`,
      );
      same += row.same;
      all += REPEATS;
      const key = `${row.name} ${row.way}`;
      traces.set(key, (traces.get(key) ?? new Set()).add(`${row.token} ${row.trace}`));
    }
    if ((await ended)[0] !== 0) process.exitCode = 1;
  }
  const alike = [...traces.values()].filter(({ size }) => size === 1).length;
  console.log(`\n${same} of ${all} replays with the trace of the first.`);
  console.log(`${alike} of ${traces.size} have one token and one trace on all versions that were run.`);
  if (same !== all) process.exitCode = 1;
}

async function measureHere() {
  for (const plant of [...PLANTS, ...TWINS].filter(({ name }) => new RegExp(values.only).test(name)))
    for (const way of values.way === undefined ? ['module', 'stdio'] : [values.way]) {
      const row = await withPlanted(plant, way, (trials) => measured(plant, trials));
      console.log(JSON.stringify({ way: `${way === 'module' ? 'in process' : way}, ${row.reset}`, ...row }));
    }
}

async function measured({ name, calls, setup = [], observe = [] }, trials) {
  const request = { setup, calls: calls.slice(0, 2), observe };
  const runner = await chooseRunner(trials, rehearsalsOf(request), 'auto');
  const found = await searched(runner, request);
  const token = found?.token ?? TWINS_TOKEN;
  const traces = [];
  for (let i = 0; i < REPEATS; i++) {
    const { trial } = await follow(parseToken(token), (schedule) => runner.run({ ...request, schedule }));
    traces.push(traceOf(trial));
  }
  const [trace] = traces;
  const same = traces.filter((each) => each === trace).length;
  return { name, token, same, trace, foundIn: found?.foundInTrial ?? '–', reset: runner.reset };
}

async function searched(runner, request) {
  const { calls } = request;
  const { violations } = await exploreScenario({
    runner,
    ...request,
    names: calls.map(({ tool }) => tool),
    preemptionBound: 2,
    seed: 1,
    invariants: [],
    ignore: [],
    maxTrials: 150,
  });
  return violations[0] ?? null;
}

function traceOf({ record: { steps }, answers, observed, files }) {
  const order = steps.map(({ id, lane, kind, phase, resource }) => [id, lane, kind, phase, resource]);
  return (
    createHash('sha256')
      // Of the service behind one of them: another port each time. Of files that one of them numbers for as long as it
      // runs, which putting back the files does not begin anew: another number.
      .update(
        JSON.stringify([order, answers, observed, files])
          .replace(/:\d{4,5}\b/g, ':port')
          .replace(/\.\d+\.tmp\b/g, '.n.tmp'),
      )
      .digest('hex')
      .slice(0, 12)
  );
}
