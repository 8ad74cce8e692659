/*
 * node packages/mettle/bench/attached-memory.bench.mjs [PAIRS] [SECONDS]
 * What `mettle attach PID --memory` costs the server: its CPU time for the same calls at the same pace, with the watch and
 * without it in turns, in one process. CPU time, not wall time, in pairs next to each other: other load disturbs both alike.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { attachToMemory } from '../dist/run/index.js';

const pairs = Number(process.argv[2] ?? 8);
const seconds = Number(process.argv[3] ?? 8);
const CALLS_A_SECOND = 100;
const TICK_MS = 10;

const server = spawn(
  process.execPath,
  [
    '--inspect-port=0',
    fileURLToPath(new URL('../test/run/fixtures/remembering.mjs', import.meta.url)),
    'healthy',
  ],
  { stdio: ['pipe', 'pipe', 'ignore'] },
);
const waiting = new Map();
createInterface({ input: server.stdout }).on('line', (line) => {
  const { id } = JSON.parse(line);
  waiting.get(id)?.();
  waiting.delete(id);
});
let last = 0;
function request(method, params) {
  const id = ++last;
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  return new Promise((resolve) => {
    waiting.set(id, resolve);
  });
}

/** User and system time of the process in ms; the kernel counts in hundredths of a second. */
function cpuMs() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** So many calls at an even pace, all answered at the end. */
async function use(calls) {
  const startedAt = performance.now();
  const answers = [];
  for (let made = 0; made < calls;) {
    const due = Math.min(calls, Math.floor(((performance.now() - startedAt) / 1000) * CALLS_A_SECOND) + 1);
    for (; made < due; made++)
      answers.push(request('tools/call', { name: made % 2 === 0 ? 'order' : 'lookUp', arguments: {} }));
    await pause(TICK_MS);
  }
  await Promise.all(answers);
}

/** CPU time of the server for the calls, while it is watched or not. */
async function block(watched) {
  const before = cpuMs();
  const watch = watched
    ? attachToMemory({
        pid: server.pid,
        durationMs: seconds * 1000,
        collect: false,
        snapshot: false,
        mostPauseMs: null,
        command: 'bench',
        mettle: '0.0.0',
        signal: new AbortController().signal,
        onProgress() {},
        onWarning() {},
      })
    : null;
  await use(seconds * CALLS_A_SECOND);
  await watch;
  return cpuMs() - before;
}

await request('initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '0' },
});
await use(5 * CALLS_A_SECOND);
const rows = [];
for (let pair = 0; pair < pairs; pair++) {
  // Which comes first changes, so that what drifts cancels out.
  const first = await block(pair % 2 === 0);
  const second = await block(pair % 2 === 1);
  const [watched, alone] = pair % 2 === 0 ? [first, second] : [second, first];
  rows.push({ alone, watched, more: watched - alone });
  console.log(`pair ${pair + 1}: ${alone} ms of CPU alone, ${watched} ms watched`);
}
server.kill();
await once(server, 'exit');
const more = rows.map((row) => row.more).toSorted((a, b) => a - b);
const middle = more[Math.floor(more.length / 2)];
console.log(
  `Node ${process.version}, ${seconds} s at ${CALLS_A_SECOND} calls a second: the watch costs ${middle} ms of CPU (median of ${pairs} pairs, ${more[0]} to ${more.at(-1)}), ${((middle / (seconds * 1000)) * 100).toFixed(1)} % of a core`,
);
