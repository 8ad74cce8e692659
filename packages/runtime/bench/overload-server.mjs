/* One run of overload.bench.mjs: the server on the main thread, its callers on another. */
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createPolicy, harden } from '@mettle/runtime';
import { portTransport } from './measure.mjs';

const options = JSON.parse(process.argv[2]);
const { McpServer } = await import(
  options.sdk === 'v1' ? '@modelcontextprotocol/sdk/server/mcp.js' : '@modelcontextprotocol/server'
);
const policy = createPolicy();
const server = new McpServer({ name: 'bench', version: '1' });
server.registerTool('work', { description: 'three milliseconds of CPU, twenty of waiting' }, async () => {
  // Work, not time: a loop until some moment would do less the more the host takes away.
  let sum = 1;
  for (let step = 0; step < options.steps; step++) sum = (sum * 31 + step) % 1_000_003;
  await wait(20);
  return { content: [{ type: 'text', text: String(sum) }] };
});
if (options.hardened) harden(server, policy);

const callers = new Worker(new URL('./overload-callers.mjs', import.meta.url), { workerData: options });
await server.connect(portTransport(callers));
globalThis.gc();
const heapBefore = process.memoryUsage().heapUsed;
callers.on('message', (message) => {
  if (message.report !== undefined) void report(message.report);
});
callers.postMessage({ start: true });

async function report(seen) {
  await callers.terminate();
  // Twice: what a finished thread and aborted signals hold is let go by callbacks of the first.
  for (let collection = 0; collection < 2; collection++) {
    await wait(200);
    globalThis.gc();
  }
  process.send({ ...seen, heapBefore, heapAfter: process.memoryUsage().heapUsed }, () => process.exit(0));
}
