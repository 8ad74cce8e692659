/*
 * Calls per second that a core of the driver can make: Mettle's against its peers', on the same null server, with
 * failures counted the same way. node bench/driver-speed.bench.mjs [ROUNDS [WORDS OF A SUITE'S TITLE]]
 *
 * Rounds are interleaved, every driver in a process of its own, judged by that process's CPU: on a busy machine calls
 * per second of wall time say nothing. Peers are installed into a temporary folder. Exit 1 below the goals.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.argv[2] ?? 5);
const ONLY = process.argv[3] ?? '';
const here = fileURLToPath(new URL('driver/', import.meta.url));
const PEERS = ['autocannon@9.0.0', '@modelcontextprotocol/sdk@1.32.2', '@modelcontextprotocol/client@2.4.0'];

/** Calls of one measurement: enough for compiled code, few enough for a starved machine. */
const SUITES = [
  {
    title: 'HTTP, JSON answers, 32 connections',
    server: ['null-http.mjs'],
    inFlight: 32,
    drivers: {
      mettle: 20_000,
      autocannon: 10_000,
      'autocannon, answers checked': 10_000,
      'SDK client v1': 300,
      'SDK client v2': 300,
    },
    goal: {
      peers: ['autocannon', 'autocannon, answers checked', 'SDK client v1', 'SDK client v2'],
      ratio: 1.5,
    },
  },
  {
    title: 'HTTP, SSE answers, 32 connections',
    server: ['null-http.mjs', 'sse'],
    inFlight: 32,
    drivers: { mettle: 20_000, autocannon: 10_000, 'SDK client v1': 300 },
    goal: null,
  },
  {
    title: 'stdio, 64 calls under way',
    server: null,
    inFlight: 64,
    drivers: { mettle: 200_000, 'SDK client v1': 30_000, 'SDK client v2': 15_000 },
    goal: { peers: ['SDK client v1', 'SDK client v2'], ratio: 5 },
  },
  {
    title: 'stdio, one call under way',
    server: null,
    inFlight: 1,
    drivers: { mettle: 20_000, 'SDK client v1': 10_000, 'SDK client v2': 10_000 },
    goal: null,
  },
];

const folder = mkdtempSync(join(tmpdir(), 'mettle-peers-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
writeFileSync(join(folder, 'package.json'), '{"private":true}');
const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...PEERS], {
  cwd: folder,
  encoding: 'utf8',
});
if (npm.status !== 0) {
  console.error(`The peers could not be installed:\n${npm.stderr}`);
  process.exit(1);
}

console.log(
  `Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; medians of ${ROUNDS} interleaved rounds; peers: ${PEERS.join(', ')}\n`,
);
for (const suite of SUITES) if (suite.title.includes(ONLY)) await run(suite);

async function run({ title, server, inFlight, drivers, goal }) {
  const running = server === null ? null : await start(server);
  const target = running === null ? join(here, 'null-stdio.mjs') : `http://127.0.0.1:${running.port}/mcp`;
  const seen = Object.fromEntries(Object.keys(drivers).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of turned(Object.keys(drivers), round))
      seen[name].push(drive(name, target, inFlight, drivers[name]));
  running?.child.kill();
  console.log(
    `### ${title}\n\n| driver | µs of driver CPU per call | calls/s per driver core | failed | Mettle's calls per core, times |\n| --- | ---: | ---: | ---: | ---: |`,
  );
  const ratios = {};
  for (const [name, runs] of Object.entries(seen)) {
    const us = median(runs.map((each) => each.us));
    // Round by round, so that what the machine did to one it did to the other.
    ratios[name] = median(runs.map((each, i) => each.us / seen.mettle[i].us));
    const failed = runs.reduce((sum, each) => sum + each.failed, 0);
    console.log(
      `| ${name} | ${us.toFixed(1)} | ${Math.round(1e6 / us).toLocaleString('en')} | ${failed} | ${name === 'mettle' ? '' : `${ratios[name].toFixed(2)}`} |`,
    );
  }
  if (goal !== null) {
    const least = Math.min(...goal.peers.map((name) => ratios[name]));
    const met = least >= goal.ratio;
    console.log(
      `\nGoal: at least ${goal.ratio} times the best peer; seen ${least.toFixed(2)}: ${met ? 'met' : 'MISSED'}`,
    );
    if (!met) process.exitCode = 1;
  }
  console.log('');
}

function drive(name, target, inFlight, calls) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(here, 'drive.mjs'), name, target, String(inFlight), String(calls), folder],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  const result = JSON.parse(stdout.trim().split('\n').at(-1));
  return { us: (result.cpuMs / result.calls) * 1000, failed: result.failed };
}

async function start([file, ...args]) {
  const child = spawn(process.execPath, [join(here, file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, port: Number(String(line)) };
}

/** Another one first each time: whoever follows a heavy one must not always be the same. */
function turned(names, by) {
  return names.map((_, i) => names[(i + by) % names.length]);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
