// What the agent costs a server while no instrument is on: paired, interleaved windows of a no-op
// tool with and without it. Usage: node bench/agent-overhead.bench.mjs [processes] [pairs per process]
// METTLE_TEST_NODE=/path/to/node measures another Node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { agentEnvironment } from '../dist/agent/location.js';
import { openAgentChannel } from '../dist/collect/channel.js';

const processes = Number(process.argv[2] ?? 5);
const pairs = Number(process.argv[3] ?? 12);
const node = process.env.METTLE_TEST_NODE ?? process.execPath;
const CALLS_PER_WINDOW = 3_000;
const IN_FLIGHT = 16;
// V8 has compiled what it will compile of a no-op call long before.
const WARM_UP_CALLS = 6_000;

const rows = [];
for (const sdk of ['v1', 'v2']) {
  const cpuRatios = [];
  const rateRatios = [];
  const cpuWithout = [];
  for (let i = 0; i < processes; i++) {
    const plain = await start(sdk, null);
    const channel = await openAgentChannel();
    const watched = await start(sdk, channel.socketPath);
    if ((await channel.serving(10_000)) === null) throw new Error('the agent did not see the server');
    for (let pair = 0; pair < pairs; pair++) {
      // Alternating order: what drifts hits both alike.
      const order = pair % 2 === 0 ? [plain, watched] : [watched, plain];
      const results = new Map();
      for (const server of order) results.set(server, await measure(server));
      const without = results.get(plain);
      const withAgent = results.get(watched);
      cpuWithout.push(without.cpuUs);
      cpuRatios.push(withAgent.cpuUs / without.cpuUs);
      rateRatios.push(withAgent.callsPerSecond / without.callsPerSecond);
    }
    await channel.close();
    for (const server of [plain, watched]) await stop(server);
  }
  rows.push({
    SDK: sdk,
    pairs: cpuRatios.length,
    'CPU µs/call without': median(cpuWithout).toFixed(1),
    'CPU ratio': withInterval(cpuRatios),
    'throughput ratio': withInterval(rateRatios),
  });
}
console.log(`Node ${spawnVersion()}: with agent / without, median of pairs [95 % interval of the median]`);
console.table(rows);

async function start(sdk, socketPath) {
  const environment =
    socketPath === null
      ? {}
      : agentEnvironment({ socketPath, inheritedNodeOptions: undefined, exitWithMettle: true });
  const child = spawn(node, [fileURLToPath(new URL(`noop-${sdk}.mjs`, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const server = { child, answers: 0, wake: null };
  child.stdout.on('data', (data) => {
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) server.answers++;
    server.wake?.();
  });
  await send(
    server,
    1,
    () =>
      '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}\n',
  );
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  await send(server, WARM_UP_CALLS, noop);
  return server;
}

async function stop({ child }) {
  child.stdin.end();
  await once(child, 'close');
}

function noop(id) {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"noop","arguments":{}}}\n`;
}

/** Sends `count` messages with at most IN_FLIGHT unanswered, and waits for all the answers. */
function send(server, count, message) {
  const until = server.answers + count;
  let left = count;
  return new Promise((resolve) => {
    server.wake = () => {
      let text = '';
      for (let free = IN_FLIGHT - (until - server.answers - left); free > 0 && left > 0; free--)
        text += message(left--);
      if (text !== '') server.child.stdin.write(text);
      if (server.answers === until) resolve();
    };
    server.wake();
  });
}

async function measure(server) {
  const cpu = mainThreadCpuUs(server.child.pid);
  const started = performance.now();
  await send(server, CALLS_PER_WINDOW, noop);
  return {
    callsPerSecond: (CALLS_PER_WINDOW / (performance.now() - started)) * 1e3,
    cpuUs: (mainThreadCpuUs(server.child.pid) - cpu) / CALLS_PER_WINDOW,
  };
}

function mainThreadCpuUs(pid) {
  return parseInt(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8'), 10) / 1e3;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Median and, from order statistics, its 95 % interval: nothing is assumed about the noise. */
function withInterval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const reach = Math.ceil(0.98 * Math.sqrt(sorted.length));
  const at = (i) => sorted[Math.min(sorted.length - 1, Math.max(0, i))].toFixed(3);
  const middle = sorted.length >> 1;
  return `${at(middle)} [${at(middle - reach)}, ${at(middle + reach)}]`;
}

function spawnVersion() {
  return node === process.execPath ? process.version : node;
}
