/*
 * What has to hold every time, however often: through a hardened server of SDK v2, in this process.
 *
 *   node --expose-gc packages/runtime/test/soak.mjs [registrations' rounds] [calls]
 *
 * Twenty simultaneous registrations for ten places: exactly ten, each time. A million calls, half of them cancelled while
 * they wait or run: no place is lost, and memory is as flat at the end as at the beginning.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { createPolicy, harden } from '@mettle/runtime';
import { exclusive } from '@mettle/runtime/exclusive';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/server';

const rounds = Number(process.argv[2] ?? 1000);
const calls = Number(process.argv[3] ?? 1_000_000);
if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc');

const policy = createPolicy({ limits: { work: 50 }, maxQueued: 100 });
const peer = await connect(policy);
const wrong = [await registrations(), await cancelledCalls()].filter((isRight) => !isRight).length;
process.exit(wrong === 0 ? 0 : 1);

async function registrations() {
  const seen = new Map();
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        peer.request('tools/call', { name: 'register', arguments: { event: `${round}`, name: `${at}` } }),
      ),
    );
    const places = answers.filter(({ result }) => result.content[0].text.startsWith('Place')).length;
    seen.set(places, (seen.get(places) ?? 0) + 1);
  }
  const said = Array.from(seen, ([places, times]) => `${places} places × ${times}`).join(', ');
  console.log(`20 simultaneous registrations for 10 places, ${rounds} times: ${said}`);
  return seen.size === 1 && seen.has(10);
}

async function cancelledCalls() {
  const batch = 200;
  const heaps = [];
  let [answered, sent] = [0, 0];
  const startedAt = performance.now();
  while (sent < calls) {
    const running = [];
    for (let at = 0; at < batch; at++) {
      const { id, answer } = peer.send('tools/call', { name: 'work', arguments: {} });
      if (at % 2 === 0) running.push(answer);
      // Every other one: at once, while it waits or runs, or about when it is done.
      else setTimeout(() => void peer.cancel(id), at % 3);
    }
    sent += batch;
    answered += (await Promise.all(running)).length;
    while (policy.running + policy.queued > 0) await turn();
    if (sent % (calls / 10) < batch) {
      peer.forget();
      globalThis.gc();
      heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  const [first, last] = [heaps[0], heaps.at(-1)];
  const { running, queued, counts } = policy;
  console.log(
    `${sent} calls in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, half cancelled (${counts.cancelledInQueue} while they waited): heap ${first.toFixed(1)} MiB after the first tenth, ${last.toFixed(1)} MiB after the last; ${running + queued} places lost, ${answered} answers`,
  );
  // A megabyte is what single readings differ by.
  return last - first < 1 && running === 0 && queued === 0 && answered === sent / 2;
}

async function connect(shared) {
  const server = harden(new McpServer({ name: 'soak', version: '1' }), shared);
  const registered = new Map();
  const text = (said) => ({ content: [{ type: 'text', text: said }] });
  server.registerTool('work', { description: 'waits a moment' }, async () => (await turn(), text('done')));
  const { z } = await import('zod');
  server.registerTool(
    'register',
    { description: 'ten places', inputSchema: z.object({ event: z.string(), name: z.string() }) },
    async ({ event, name }) =>
      exclusive(`event ${event}`, async () => {
        const taken = registered.get(event) ?? [];
        await turn();
        if (taken.length >= 10) return text('Full');
        registered.set(event, [...taken, name]);
        await turn();
        return text(`Place ${registered.get(event).length}`);
      }),
  );
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const waiting = new Map();
  let nextId = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
  ours.onmessage = (message) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  };
  await ours.start();
  await server.connect(theirs);
  const send = (method, params) => {
    const id = ++nextId;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    void ours.send({ jsonrpc: '2.0', id, method, params });
    return { id, answer };
  };
  const request = async (method, params) => send(method, params).answer;
  await request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'soak', version: '1' },
  });
  await ours.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return {
    request,
    send,
    cancel: (requestId) =>
      ours.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }),
    /** Cancelled calls are never answered. */
    forget: () => waiting.clear(),
  };
}
