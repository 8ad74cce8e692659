/*
 * What a client sees that has nothing of Mettle's: a loop of a few lines that begins a call when it is due and notes when
 * the answer is there. bare-client.mjs CASE stdio|http, with known-delay.mjs as a server of its own. Says "ready"; on a line "FROM_MS COUNT EVERY_MS" it makes so many calls and prints
 * { intended, ended, received, answered } in ms of the machine's clock, the last two as the server logged them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const [mode, transport] = process.argv.slice(2);
const WARM_UP_CALLS = 300;
/** Opened before the first call, so that hardly any has to open one. */
const SOCKETS = 16;
/** A thread's sleep is late by about so much; the loop waits for the rest. */
const LEAD_MS = 0.15;

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const port = transport === 'http' ? await freePort() : null;
const server = spawn(
  process.execPath,
  [fileURLToPath(new URL('known-delay.mjs', import.meta.url)), mode, ...(port === null ? [] : ['http'])],
  { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PORT: String(port) } },
);
process.on('exit', () => server.kill('SIGKILL'));
let lastId = 0;
const send = port === null ? overStdio() : await overHttp();

for (let i = 0; i < WARM_UP_CALLS; i += SOCKETS)
  await Promise.all(Array.from({ length: SOCKETS }, () => call('wait')));
const pacer = startPacer();
await once(pacer, 'online');
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [fromMs, count, everyMs] = line.split(' ').map(Number);
  await call('reset', { stall: false });
  const intended = Array.from({ length: count }, (_, i) => fromMs + i * everyMs);
  const ended = await onTime(intended);
  const { received, answered } = JSON.parse(JSON.parse(await call('log')).result.content[0].text);
  process.stdout.write(`${JSON.stringify({ intended, ended, received, answered })}\n`, () => process.exit(0));
  break;
}

/** A thread that sleeps until each of the times it is given and says so; started before it is needed. */
function startPacer() {
  const code = `const { parentPort } = require('node:worker_threads');
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    parentPort.on('message', (times) => {
      for (const atMs of times) {
        Atomics.wait(sleeper, 0, 0, Math.max(0, atMs - ${LEAD_MS} - Number(process.hrtime.bigint()) / 1e6));
        parentPort.postMessage(0);
      }
    });`;
  return new Worker(code, { eval: true });
}

/** Begins a call at each of these times; when their answers were there. */
function onTime(intended) {
  const ended = [];
  let left = intended.length;
  let next = 0;
  return new Promise((resolve) => {
    pacer.on('message', () => {
      const i = next++;
      while (nowMs() < intended[i]);
      send(body('wait', {}), () => {
        ended[i] = nowMs();
        if (--left === 0) resolve(ended);
      });
    });
    pacer.postMessage(intended);
  });
}

function call(name, args = {}) {
  return new Promise((resolve) => send(body(name, args), resolve));
}

function body(name, args) {
  return `{"jsonrpc":"2.0","id":${++lastId},"method":"tools/call","params":${JSON.stringify({ name, arguments: args })}}`;
}

function overStdio() {
  const waiting = new Map();
  let rest = '';
  server.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const id = Number(/"id":(\d+)/.exec(line)[1]);
      waiting.get(id)(line);
      waiting.delete(id);
    }
  });
  return (text, done) => {
    waiting.set(lastId, done);
    server.stdin.write(`${text}\n`);
  };
}

async function overHttp() {
  const free = [];
  const open = async () => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    socket.once('close', () => {
      if (free.includes(socket)) free.splice(free.indexOf(socket), 1);
    });
    return socket;
  };
  for (;;) {
    const first = await open().catch(() => null);
    if (first !== null) {
      free.push(first);
      break;
    }
    // Before everybody else, whoever asks without a pause keeps the server from starting.
    await sleep(20);
  }
  while (free.length < SOCKETS) free.push(await open());
  return async (text, done) => {
    const socket = free.pop() ?? (await open());
    let answer = '';
    const onData = (chunk) => {
      answer += chunk;
      // In one chunk, as the server writes it.
      if (!answer.endsWith('\r\n0\r\n\r\n')) return;
      socket.off('data', onData);
      free.push(socket);
      done(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
    };
    socket.on('data', onData);
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
  };
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: found } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return found;
}
