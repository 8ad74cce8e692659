/*
 * Does the driver tell the truth? Servers whose latencies are known, in an open loop of 200 calls a second: every
 * percentile must be within 5 % or 0.3 ms of what the server itself recorded, and the wire's time (in parentheses). The
 * wire's is told by a client of a few lines that has nothing of Mettle's, in a closed loop: what it sees, less what the
 * server recorded, percentile by percentile. Of three rounds the middle one counts. node bench/truth.bench.mjs [SECONDS]
 *
 * On Linux, as root, driver and server run before everybody else (chrt), so that the machine's other work takes no part;
 * otherwise the table shows the neighbours too. Exit 1 when a figure is off.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createMix, measureBlock, openDriver } from '../packages/mettle/dist/load/index.js';
import { openSession } from '../packages/mettle/dist/session/index.js';

const SECONDS = Number(process.argv[2] ?? 6);
const ROUNDS = 3;
const RATE = 200;
const SHARES = [0.5, 0.9, 0.95, 0.99, 0.999, 1];
const server = fileURLToPath(new URL('driver/known-delay.mjs', import.meta.url));
const alone = process.env.METTLE_TRUTH_ALONE === '1';

if (!alone && spawnSync('chrt', ['-f', '10', 'true']).status === 0) {
  // Again, before everybody else; children inherit it.
  const { status } = spawnSync('chrt', ['-f', '10', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, METTLE_TRUTH_ALONE: '1' },
  });
  process.exit(status ?? 1);
}

console.log(
  `Node ${process.version}, load ${loadavg()[0].toFixed(1)}, ${alone ? 'before everybody else (chrt)' : 'among everybody else'}; ${RATE} calls a second for ${SECONDS} s, the middle one of ${ROUNDS} rounds\n`,
);
console.log(
  `| server | transport | ${SHARES.map(nameOf).join(' | ')} | late p50 / p99 | |\n| --- | --- | ${SHARES.map(() => '---:').join(' | ')} | ---: | --- |`,
);
for (const transport of ['stdio', 'http'])
  for (const mode of ['1', '5', '50', 'tail', 'stall']) await judge(mode, transport);
await closedLoopHides();

async function judge(mode, transport) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(mode, transport, openLoop()));
  const cells = SHARES.map((share) => {
    // The round in the middle: one disturbed by the host is not the driver's.
    const { seen, known } = rounds
      .map(({ block, log, wireMs }) => {
        const truth = truthOf(block, log);
        return { seen: quantile(block, share), known: at(truth, share) + wireMs(share) };
      })
      .toSorted((a, b) => a.seen - a.known - (b.seen - b.known))[ROUNDS >> 1];
    const off = Math.abs(seen - known);
    const good = off <= 0.3 || off <= 0.05 * known;
    if (!good) process.exitCode = 1;
    return `${good ? '' : '**'}${seen.toFixed(2)} (${known.toFixed(2)})${good ? '' : '**'}`;
  });
  const { block } = rounds[0];
  const { p50, p99 } = block.driver.latenessMs;
  const failed = rounds.reduce(
    (sum, { block: { total } }) => sum + total.outcomes.calls - total.outcomes.ok,
    0,
  );
  console.log(
    `| ${titleOf(mode)} | ${transport} | ${cells.join(' | ')} | ${p50.toFixed(2)} / ${p99.toFixed(2)} | ${failed === 0 ? '' : `${failed} failed`}${block.driver.distrust === null ? '' : 'marked as not to be trusted'} |`,
  );
}

/** The same stall seen by a client that waits for its answers: it is one slow call among thousands. */
async function closedLoopHides() {
  const shape = { kind: 'closed', connections: 1, inFlight: 1, thinkTimeMs: 0 };
  const { block } = await measure('stall', 'stdio', shape);
  const cells = SHARES.map((share) => quantile(block, share).toFixed(2));
  console.log(
    `\nThe stall in a closed loop, for contrast: ${SHARES.map((share, i) => `${nameOf(share)} ${cells[i]}`).join(', ')} ms.`,
  );
}

async function measure(mode, transport, shape) {
  const port = await freePort();
  const http = transport === 'http';
  const command = [process.execPath, server, mode, ...(http ? ['http'] : [])];
  const spec = http
    ? {
        kind: 'http',
        url: `http://127.0.0.1:${port}/mcp`,
        headers: {},
        command,
        env: { PORT: String(port) },
        cwd: process.cwd(),
      }
    : { kind: 'stdio', command, env: {}, cwd: process.cwd() };
  const { session } = await openSession(spec, { era: '2025' });
  const driver = openDriver([session], { clocks: [], inside: null });
  const request = { method: 'tools/call', params: { name: 'wait', arguments: {} } };
  const mix = createMix([{ subject: { name: 'wait', kind: 'tool' }, weight: 1, call: () => request }], {
    seed: 1,
  });
  const options = { callTimeoutMs: 10_000, seed: 1, signal: new AbortController().signal };
  const warm = { kind: 'closed', connections: 1, inFlight: 8, thinkTimeMs: 0 };
  await measureBlock(driver, mix, { ...options, shape: warm, durationMs: 1000 });
  const wireMs = await plainClient(session, http ? port : null);
  await session.request('tools/call', { name: 'reset', arguments: {} });
  const block = await measureBlock(driver, mix, { ...options, shape, durationMs: SECONDS * 1000 });
  const reply = await session.request('tools/call', { name: 'log', arguments: {} });
  driver.close();
  await session.close();
  return { block, wireMs, log: JSON.parse(reply.result.content[0].text) };
}

/** The wire's time: what a plain client sees of calls of its own, less what the server says that it took. */
async function plainClient(session, port) {
  const names = { name: 'wait', arguments: {} };
  await session.request('tools/call', { name: 'reset', arguments: { stall: false } });
  const seen = [];
  const socket = port === null ? null : connect(port, '127.0.0.1');
  const child =
    port === null ? spawn(process.execPath, [server, '1'], { stdio: ['pipe', 'pipe', 'inherit'] }) : null;
  const [input, output] = child === null ? [socket, socket] : [child.stdin, child.stdout];
  socket?.setNoDelay(true);
  const ask = async (params) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const head = `POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const start = performance.now();
    input.write(child === null ? head + body : `${body}\n`);
    let text = '';
    while (!text.includes('"result"')) text += String((await once(output, 'data'))[0]);
    return { ms: performance.now() - start, text };
  };
  for (let i = 0; i < 1100; i++) seen.push((await ask(names)).ms);
  const log =
    child === null
      ? (await session.request('tools/call', { name: 'log', arguments: {} })).result.content[0].text
      : JSON.parse((await ask({ name: 'log', arguments: {} })).text).result.content[0].text;
  socket?.destroy();
  child?.kill();
  const { received, answered } = JSON.parse(log);
  // The first hundred are for warming up.
  const sorted = (values) => values.slice(100).toSorted((a, b) => a - b);
  const [saw, took] = [sorted(seen), sorted(answered.map((ms, i) => ms - received[i]))];
  return (share) => at(saw, share) - at(took, share);
}

/** The value of that rank: as many of a hundred are at most as large. */
function at(ascending, share) {
  return ascending[Math.min(ascending.length, Math.ceil(share * ascending.length)) - 1];
}

function openLoop() {
  const stages = [{ durationMs: SECONDS * 1000, fromPerSecond: RATE, toPerSecond: RATE }];
  return { kind: 'open', connections: 1, arrivals: 'constant', stages };
}

/**
 * What a client would see that begins its calls exactly in time and whose wire takes no time, ascending: what the server
 * itself took, and for calls that fell into the stall the time since they were to begin.
 */
function truthOf(block, { stall, received, answered }) {
  const latencies = answered.map((answeredMs, i) => {
    const startMs = block.startedAtMs + ((i + 0.5) / RATE) * 1000;
    const stalled = stall !== null && startMs >= stall.beganMs && startMs <= stall.endedMs;
    return answeredMs - (stalled ? startMs : received[i]);
  });
  return latencies.toSorted((a, b) => a - b);
}

function quantile({ total: { latencyMs } }, share) {
  return share === 1
    ? latencyMs.max
    : latencyMs[{ 0.5: 'p50', 0.9: 'p90', 0.95: 'p95', 0.99: 'p99', 0.999: 'p999' }[share]].value;
}

function nameOf(share) {
  return share === 1 ? 'max' : `p${share * 100}`;
}

function titleOf(mode) {
  return { tail: '1 ms, 1 % of calls 200 ms', stall: '1 ms, one stall of 1 s' }[mode] ?? `${mode} ms`;
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
