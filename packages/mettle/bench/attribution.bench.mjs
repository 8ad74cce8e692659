/*
 * Is the CPU that the profiler charges to a tool the CPU that the tool uses when it is alone?
 *
 *   npm run bench -- attribution
 *
 * NODE_VERSIONS=24.21.0 tries some Node versions only, ROUNDS=40 measures longer.
 *
 * Truth: the tool alone, warm, no instrument on; CPU of the server's main thread (/proc/PID/task/PID/schedstat) per
 * call. Attributed: what the `blocking` instrument charges to it per call while all tools are called in shuffled order.
 * "mixed" is the control: by how much the mixed calls cost more than the same calls alone while nothing watches, which
 * no profiler can tell from the tool's own CPU. Both in one process with up to 8 calls in flight. The host runs the same code up to twice as fast at one second as
 * at the next, even in CPU time, so each short mixed round is compared with the alone rounds just before and after it,
 * and the median of these ratios counts. Exit code 1 when the median error is over 8 % or one over 25 %.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { collectBlocking } from '../dist/collect/index.js';
import { median, seededRandom, shuffled } from '../dist/stats/index.js';
import {
  benchFolder,
  callAll,
  machineLine,
  nodeVersions,
  openServer,
  printTable,
} from './profiled-server.mjs';

const TOOLS = ['noop', 'cheap', 'hash', 'zodc', 'regex', 'bcrypt', 'json'];
const IN_FLIGHT = 8;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CALLS_PER_ROUND = 20;
/**
 * Starting the instrument makes V8 compile anew once, up to V8 12 all there is. As in looking-cost, the calls in which it
 * does so are not counted but told apart ("once"): they go to the same code by another name.
 */
const SETTLING_CALLS = 12;
const WARM_UP_ROUNDS = 2;
/** The schedstat clock steps and the driver's wake-ups cost some µs per call: below, an error is given in µs, not in %. */
const LEAST_CPU_MS = 0.5;
const MEDIAN_GOAL = 0.08;
const WORST_GOAL = 0.25;

async function minified(folder, script) {
  const bundle = await rolldown({ input: join(benchFolder, script), platform: 'node' });
  const file = join(folder, script.replaceAll('/', '-'));
  await bundle.write({ file, format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  return file;
}

async function cpuPerCallAlone(server, tool) {
  const before = server.clock.mainThread();
  await callAll(
    server.session,
    Array.from({ length: CALLS_PER_ROUND }, () => tool),
    IN_FLIGHT,
  );
  return (server.clock.mainThread().cpuMs - before.cpuMs) / CALLS_PER_ROUND;
}

async function cpuPerCallAttributed(server, random) {
  const calls = mixedCalls(random);
  const recording = await collectBlocking.start(server.agent);
  await callAll(server.session, settlingCalls(random), IN_FLIGHT);
  await callAll(server.session, calls, IN_FLIGHT);
  const record = await recording.stop();
  const perTool = TOOLS.map((tool) => {
    const i = record.subjects.indexOf(tool);
    if (record.calls[i] !== CALLS_PER_ROUND)
      throw new Error(`${tool}: ${record.calls[i] ?? 0} calls seen of ${CALLS_PER_ROUND}`);
    return record.cpuMs[i] / CALLS_PER_ROUND;
  });
  const settling = TOOLS.map((tool) => record.cpuMs[record.subjects.indexOf(`settling-${tool}`)]);
  const onceMs = sumOf(settling) - sumOf(perTool) * SETTLING_CALLS;
  return { perTool, onceMs, sampleUs: record.sampleCostUs };
}

/** All tools together, mixed, with nothing watching: CPU per call of each. */
async function cpuMixed(server, random) {
  const before = server.clock.mainThread().cpuMs;
  await callAll(server.session, mixedCalls(random), IN_FLIGHT);
  return (server.clock.mainThread().cpuMs - before) / CALLS_PER_ROUND;
}

const mixedCalls = (random) => callsOf(TOOLS, CALLS_PER_ROUND, random);
const settlingCalls = (random) =>
  callsOf(
    TOOLS.map((tool) => `settling-${tool}`),
    SETTLING_CALLS,
    random,
  );
const callsOf = (tools, calls, random) =>
  shuffled(
    tools.flatMap((tool) => Array.from({ length: calls }, () => tool)),
    random,
  );
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/** For each tool, the CPU alone and the attributed figure that was paired with it. */
async function measure(cell) {
  const random = seededRandom(1);
  const server = await openServer({ ...cell, toolSet: 'known-cost' });
  const aloneRound = async () => {
    const round = [];
    for (const i of shuffled([...TOOLS.keys()], random)) round[i] = await cpuPerCallAlone(server, TOOLS[i]);
    return round;
  };
  try {
    for (let i = 0; i < WARM_UP_ROUNDS; i++) await aloneRound();
    let before = await aloneRound();
    const pairs = TOOLS.map(() => []);
    const mixed = [];
    const once = [];
    let sampleUs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const attributed = await cpuPerCallAttributed(server, random);
      const after = await aloneRound();
      mixed.push((await cpuMixed(server, random)) / sumOf(after));
      once.push(attributed.onceMs);
      sampleUs = attributed.sampleUs;
      pairs.forEach((list, i) =>
        list.push({ aloneMs: (before[i] + after[i]) / 2, attributedMs: attributed.perTool[i] }),
      );
      before = after;
    }
    const tools = TOOLS.map((tool, i) => ({
      tool,
      aloneMs: median(pairs[i].map(({ aloneMs }) => aloneMs)),
      excessMs: median(pairs[i].map(({ aloneMs, attributedMs }) => attributedMs - aloneMs)),
      error: median(pairs[i].map(({ aloneMs, attributedMs }) => attributedMs / aloneMs)) - 1,
    }));
    return { tools, mixed: median(mixed) - 1, onceMs: median(once), sampleUs };
  } finally {
    await server.close();
  }
}

const shown = ({ aloneMs, excessMs, error }) =>
  aloneMs < LEAST_CPU_MS
    ? `${aloneMs.toFixed(2)} ${signed(excessMs * 1000)} µs`
    : `${aloneMs.toFixed(1)} ${signed(error * 100)} %`;
const signed = (value) => (value < 0 ? `−${Math.abs(value).toFixed(0)}` : `+${value.toFixed(0)}`);

const folder = mkdtempSync(join(benchFolder, 'bundle-'));
try {
  const nodes = nodeVersions();
  const cells = [];
  for (const sdk of ['v1', 'v2']) {
    const script = `servers/serve-${sdk}.mjs`;
    const bundle = await minified(folder, script);
    nodes.forEach(([version, node], i) => {
      for (const transport of ['stdio', 'http'])
        cells.push({ name: `${version} ${sdk} ${transport}`, node, script, transport });
      // Each Node with the bundle of one SDK, to keep the whole within some minutes.
      if ((i % 2 === 0) === (sdk === 'v1'))
        cells.push({ name: `${version} ${sdk} minified`, node, script: bundle, transport: 'stdio' });
    });
  }
  console.log(`CPU ms per call alone, and how far the attributed figure is off. ${machineLine()}`);
  const rows = [];
  const errors = [];
  for (const cell of cells) {
    const { tools, mixed, onceMs, sampleUs } = await measure(cell);
    rows.push([
      cell.name,
      ...tools.map(shown),
      `${signed(mixed * 100)} %`,
      onceMs.toFixed(0),
      sampleUs.toFixed(0),
    ]);
    for (const { tool, aloneMs, error } of tools)
      if (aloneMs >= LEAST_CPU_MS) errors.push({ what: `${tool} on ${cell.name}`, error: Math.abs(error) });
    process.stderr.write(`${rows.at(-1).join('  ')}\n`);
  }
  printTable(['server', ...TOOLS, 'mixed', 'once, ms', 'sample µs'], rows);
  const middle = median(errors.map(({ error }) => error));
  const worst = errors.reduce((most, one) => (one.error > most.error ? one : most));
  console.log(
    `${errors.length} figures of at least ${LEAST_CPU_MS} ms per call: median error ${(middle * 100).toFixed(1)} % (goal ${MEDIAN_GOAL * 100} %), ` +
      `largest ${(worst.error * 100).toFixed(1)} % (${worst.what}; goal ${WORST_GOAL * 100} %), over ${WORST_GOAL * 100} %: ${errors.filter(({ error }) => error > WORST_GOAL).length}.`,
  );
  if (middle > MEDIAN_GOAL || worst.error > WORST_GOAL) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
