/*
 * Does the driver tell the truth? Servers whose latencies are known, in an open loop of 200 calls a second: every
 * percentile must be within 5 % or 0.3 ms of what the server itself recorded, and the wire's time. The wire's is told, in
 * the same seconds, by a client of a few lines that has nothing of Mettle's: what it sees from the time that a call was due,
 * less what its server recorded, percentile by percentile, to p99: beyond, it is one call of its own. Of three rounds the
 * middle one counts.
 * node bench/truth.bench.mjs [SECONDS [WORDS OF A ROW]]
 *
 * Whose fault is what is off? On every core a witness does nothing but wait for the clock, before everybody else. When it
 * is woken late, the host took that core. The second table leaves out the calls during which that happened for longer than
 * the tolerance, or the bare client was kept waiting too: what is off there is Mettle's, and makes the exit code 1.
 *
 * On Linux, as root, driver and server run before everybody else (chrt), so that the machine's other work takes no part;
 * otherwise the tables show the neighbours too.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createMix, measureBlock, openDriver } from '../packages/mettle/dist/load/index.js';
import { openSession } from '../packages/mettle/dist/session/index.js';

const SECONDS = Number(process.argv[2] ?? 5);
const ONLY = process.argv[3] ?? '';
const ROUNDS = 3;
const RATE = 200;
const EVERY_MS = 1000 / RATE;
/** From the start of a block to its schedule's. */
const NOTICE_MS = 20;
const TOLERATED_MS = 0.3;
const TOLERATED_SHARE = 0.05;
const SHARES = [0.5, 0.9, 0.95, 0.99, 0.999, 1];
const script = (name) => fileURLToPath(new URL(`driver/${name}.mjs`, import.meta.url));
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
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill();
});
const tables = { all: [], undisturbed: [] };
for (const transport of ['stdio', 'http'])
  for (const mode of ['1', '5', '50', 'tail', 'stall'])
    if (`${titleOf(mode)} ${transport}`.includes(ONLY)) await judge(mode, transport);
print('All calls', tables.all);
print('Without the calls that the host disturbed', tables.undisturbed);
if (tables.undisturbed.some(({ off }) => off > 0)) process.exitCode = 1;
if (ONLY === '') await closedLoopHides();

async function judge(mode, transport) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(mode, transport));
  const late = rounds
    .map(({ block }) => block.driver.latenessMs)
    .toSorted((a, b) => a.p99 - b.p99)
    .at(ROUNDS >> 1);
  const failed = rounds.reduce((sum, { calls, block }) => sum + calls.length - block.total.outcomes.ok, 0);
  const left = rounds.map(({ calls }) => calls.filter(({ disturbed }) => !disturbed).length);
  const distrusted = rounds.filter(({ block }) => block.driver.distrust !== null).length;
  const longest = Math.max(...rounds.map(({ longestTakenMs }) => longestTakenMs));
  console.error(`${titleOf(mode)}, ${transport}: measured`);
  const row = { title: titleOf(mode), transport };
  // What the bare client was off by itself.
  const bare = [0.999, 1].map((share) => {
    const wires = rounds.map((each) => at(each.bare.map(seenMs), share) - at(each.bare.map(tookMs), share));
    return at(wires, 0.5).toFixed(2);
  });
  tables.all.push({
    ...row,
    ...compared(rounds, () => true),
    said: `${bare.join(' / ')} | ${late.p50.toFixed(2)} / ${late.p99.toFixed(2)} | ${failed === 0 ? '' : `${failed} failed; `}${distrusted === 0 ? '' : `${distrusted} of ${ROUNDS} rounds marked as not to be trusted`}`,
  });
  const ofCalls = rounds.map(({ calls }, i) => `${calls.length - left[i]} of ${calls.length}`);
  tables.undisturbed.push({
    ...row,
    ...compared(rounds, ({ disturbed }) => !disturbed),
    said: `${ofCalls[ROUNDS >> 1]} | ${longest.toFixed(1)} ms`,
  });
}

/** Every percentile of the calls that count, as seen and as known: of the round in the middle, each for itself. */
function compared(rounds, counts) {
  let off = 0;
  const cells = SHARES.map((share) => {
    const { seen, known } = rounds
      .map(({ calls, bare }) => {
        const mine = calls.filter(counts);
        const theirs = bare.filter(counts);
        const upTo = Math.min(share, 0.99);
        const wire = at(theirs.map(seenMs), upTo) - at(theirs.map(tookMs), upTo);
        return { seen: at(mine.map(seenMs), share), known: at(mine.map(knownMs), share) + wire };
      })
      .toSorted((a, b) => a.seen - a.known - (b.seen - b.known))[ROUNDS >> 1];
    const gap = Math.abs(seen - known);
    const good = gap <= TOLERATED_MS || gap <= TOLERATED_SHARE * known;
    if (!good) off++;
    return `${good ? '' : '**'}${seen.toFixed(2)} (${known.toFixed(2)})${good ? '' : '**'}`;
  });
  return { cells, off };
}

function print(title, rows) {
  const columns = title.startsWith('All') ? '---: | ---: | --- |' : '---: | ---: |';
  const last = title.startsWith('All')
    ? 'bare client’s wire p99.9 / max | late p50 / p99 | |\n'
    : 'calls left out | core away at most |\n';
  console.log(`### ${title}\n\n| server | transport | ${SHARES.map(nameOf).join(' | ')} | ${last.trim()}`);
  console.log(`| --- | --- | ${SHARES.map(() => '---:').join(' | ')} | ${columns}`);
  for (const { title: name, transport, cells, said } of rows)
    console.log(`| ${name} | ${transport} | ${cells.join(' | ')} | ${said} |`);
  const off = rows.reduce((sum, row) => sum + row.off, 0);
  console.log(
    `\nWithin 5 % or 0.3 ms: ${rows.length * SHARES.length - off} of ${rows.length * SHARES.length}.\n`,
  );
}

/** One block of Mettle's and, in the same seconds, as many calls of the bare client's, half an interval apart. */
async function measure(mode, transport) {
  const callBare = await startBareClient(mode === 'stall' ? '1' : mode, transport);
  const { session, driver, mix } = await openMettle(mode, transport);
  const options = { callTimeoutMs: 10_000, seed: 1, signal: new AbortController().signal };
  const warm = { kind: 'closed', connections: 1, inFlight: 8, thinkTimeMs: 0 };
  await measureBlock(driver, mix, { ...options, shape: warm, durationMs: 1000 });
  await session.request('tools/call', { name: 'reset', arguments: {} });
  const witness = startWitnesses();
  const noted = note(driver);
  const stages = [{ durationMs: SECONDS * 1000, fromPerSecond: RATE, toPerSecond: RATE }];
  // Mettle's first call is half an interval after its start.
  const bare = callBare(nowMs() + NOTICE_MS + 2 * EVERY_MS);
  const shape = { kind: 'open', connections: 1, arrivals: 'constant', stages };
  const block = await measureBlock(driver, mix, { ...options, shape });
  const beside = await bare;
  const taken = await witness.stop();
  const reply = await session.request('tools/call', { name: 'log', arguments: {} });
  driver.close();
  await session.close();
  const log = JSON.parse(reply.result.content[0].text);
  const intended = noted.sentMs.map((_, i) => block.startedAtMs + (i + 0.5) * EVERY_MS);
  const besides = callsOf({ ...beside, stall: null }, taken);
  // Where the bare client was kept waiting in the same moment, it was not by Mettle either.
  const wireMs = (call) => seenMs(call) - tookMs(call);
  const usualMs = at(besides.map(wireMs), 0.5);
  const waited = besides
    .filter((call) => wireMs(call) > usualMs + TOLERATED_MS)
    .map(({ intendedMs, endedMs }) => ({ fromMs: intendedMs - EVERY_MS, toMs: endedMs + EVERY_MS }));
  const calls = callsOf({ intended, ended: noted.endedMs, ...log }, taken).map((call) => ({
    ...call,
    disturbed:
      call.disturbed || waited.some(({ fromMs, toMs }) => fromMs <= call.endedMs && toMs >= call.intendedMs),
  }));
  return {
    block,
    calls,
    bare: besides,
    longestTakenMs: Math.max(0, ...taken.map(({ fromMs, toMs }) => toMs - fromMs)),
  };
}

async function openMettle(mode, transport) {
  const http = transport === 'http';
  const port = http ? await freePort() : null;
  const command = [process.execPath, script('known-delay'), mode, ...(http ? ['http'] : [])];
  const started = { command, env: http ? { PORT: String(port) } : {}, cwd: process.cwd() };
  const spec = http
    ? { kind: 'http', url: `http://127.0.0.1:${port}/mcp`, headers: {}, ...started }
    : { kind: 'stdio', ...started };
  const { session } = await openSession(spec, { era: '2025' });
  const driver = openDriver([session], { clocks: [], inside: null });
  const request = { method: 'tools/call', params: { name: 'wait', arguments: {} } };
  const subject = { name: 'wait', kind: 'tool' };
  const mix = createMix([{ subject, weight: 1, call: () => request }], { seed: 1 });
  return { session, driver, mix };
}

/** Notes when the driver's calls were sent and ended; what it reports is made of the same readings. */
function note({ clients: [{ channel }] }) {
  const noted = { sentMs: [], endedMs: [] };
  const send = channel.send.bind(channel);
  channel.send = (call, underWay, sentAtMs) => {
    const i = noted.sentMs.push(sentAtMs) - 1;
    send(
      call,
      { ended: (end, atMs, ...more) => ((noted.endedMs[i] = atMs), underWay.ended(end, atMs, ...more)) },
      sentAtMs,
    );
  };
  return noted;
}

/** Each call's times, and whether the host took a core away while it was under way. */
function callsOf({ intended, ended, received, answered, stall }, taken) {
  return intended.map((intendedMs, i) => {
    const stalled = stall !== null && intendedMs >= stall.beganMs && intendedMs <= stall.endedMs;
    const toleratedMs = Math.max(TOLERATED_MS, TOLERATED_SHARE * (ended[i] - intendedMs));
    const disturbed = taken.some(
      ({ fromMs, toMs }) => fromMs <= ended[i] && toMs >= intendedMs && toMs - fromMs > toleratedMs,
    );
    return {
      intendedMs,
      endedMs: ended[i],
      receivedMs: received[i],
      answeredMs: answered[i],
      stalled,
      disturbed,
    };
  });
}

function seenMs({ intendedMs, endedMs }) {
  return endedMs - intendedMs;
}

function tookMs({ receivedMs, answeredMs }) {
  return answeredMs - receivedMs;
}

/** What the server took, and for a call that fell into the stall the time since it was to begin. */
function knownMs({ intendedMs, receivedMs, answeredMs, stalled }) {
  return answeredMs - (stalled ? intendedMs : receivedMs);
}

async function startBareClient(mode, transport) {
  const child = spawn(process.execPath, [script('bare-client'), mode, transport], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return (fromMs) => {
    child.stdin.write(`${fromMs} ${SECONDS * RATE} ${EVERY_MS}\n`);
    return lines.next().then(({ value }) => JSON.parse(value));
  };
}

/** On each core one, before the driver too. */
function startWitnesses() {
  const first = alone ? ['chrt', '-f', '20'] : [];
  const placed = spawnSync('taskset', ['-V']).status === 0;
  const on = Array.from({ length: placed ? availableParallelism() : 1 }, (_, i) =>
    placed ? ['taskset', '-c', `${i}`] : [],
  );
  const watching = on.map((where) => {
    const [command, ...args] = [...where, ...first, process.execPath, script('host-witness')];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, printed: textOf(child.stdout) };
  });
  return {
    async stop() {
      for (const { child } of watching) child.stdin.end();
      const printed = await Promise.all(watching.map((each) => each.printed));
      return printed.flatMap((each) => JSON.parse(each));
    },
  };
}

/** The same stall seen by a client that waits for its answers: it is one slow call among thousands. */
async function closedLoopHides() {
  const { session, driver, mix } = await openMettle('stall', 'stdio');
  const options = { callTimeoutMs: 10_000, seed: 1, signal: new AbortController().signal };
  await session.request('tools/call', { name: 'reset', arguments: {} });
  const shape = { kind: 'closed', connections: 1, inFlight: 1, thinkTimeMs: 0 };
  const block = await measureBlock(driver, mix, { ...options, shape, durationMs: SECONDS * 1000 });
  driver.close();
  await session.close();
  const cells = SHARES.map((share) => quantile(block, share).toFixed(2));
  console.log(
    `The stall in a closed loop, for contrast: ${SHARES.map((share, i) => `${nameOf(share)} ${cells[i]}`).join(', ')} ms.`,
  );
}

/** The value of that rank: as many of a hundred are at most as large. */
function at(values, share) {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.min(ascending.length, Math.ceil(share * ascending.length)) - 1] ?? Number.NaN;
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

function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
