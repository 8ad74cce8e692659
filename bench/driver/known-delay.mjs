/*
 * An MCP server whose answers come when they are told to: known-delay.mjs CASE [http]. CASE: a number of ms; `tail` (1 ms, every
 * hundredth call 200 ms); `stall` (1 ms, and the whole process stands still for 1 s, four seconds after the first call).
 * The tool `log` tells what it did by the machine's clock: when each call came
 * and was answered, in order of arrival, and when it stood still. A timer of Node's is late by up to a millisecond; the log
 * knows by how much.
 */
import { createServer } from 'node:http';

const [mode, transport] = process.argv.slice(2);
const STALL_AFTER_MS = 4000;
const STALL_MS = 1000;
let calls = 0;
const log = { stall: null, received: [], answered: [] };

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

function delayOf(call) {
  if (mode === 'tail') return call % 100 === 50 ? 200 : 1;
  return mode === 'stall' ? 1 : Number(mode);
}

function stallOnce() {
  const beganMs = nowMs();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
  log.stall = { beganMs, endedMs: nowMs() };
}

function serve(message, reply) {
  const { id, method, params } = message;
  const answer = (result) => reply(JSON.stringify({ jsonrpc: '2.0', id, result }));
  if (id === undefined) return reply(null);
  if (method === 'initialize')
    return answer({
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'known-delay', version: '1' },
    });
  if (method === 'tools/list')
    return answer({
      tools: ['wait', 'log', 'reset'].map((name) => ({ name, inputSchema: { type: 'object' } })),
    });
  if (method !== 'tools/call')
    return reply(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }));
  if (params.name === 'log') return answer({ content: [{ type: 'text', text: JSON.stringify(log) }] });
  if (params.name === 'reset') {
    calls = 0;
    log.received.length = 0;
    log.answered.length = 0;
    if (mode === 'stall' && params.arguments.stall !== false) setTimeout(stallOnce, STALL_AFTER_MS);
    return answer({ content: [] });
  }
  const call = calls++;
  log.received[call] = nowMs();
  setTimeout(() => {
    answer({ content: [{ type: 'text', text: 'ok' }] });
    log.answered[call] = nowMs();
  }, delayOf(call));
}

if (transport === 'http') {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () =>
      serve(JSON.parse(Buffer.concat(parts).toString()), (text) =>
        text === null
          ? response.writeHead(202).end()
          : response.writeHead(200, { 'content-type': 'application/json' }).end(text),
      ),
    );
  });
  // The bare client keeps its connections, some of them unused for longer than Node's 5 s.
  server.keepAliveTimeout = 0;
  server.listen(Number(process.env.PORT), '127.0.0.1');
} else {
  let rest = '';
  process.stdin.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop();
    for (const line of lines)
      if (line !== '') serve(JSON.parse(line), (text) => text !== null && process.stdout.write(`${text}\n`));
  });
  process.stdin.on('end', () => process.exit(0));
}
