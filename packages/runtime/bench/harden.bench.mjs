/*
 * What harden() adds to a call of a tool that does nothing, all defaults, both SDK generations.
 *
 *   node bench/harden.bench.mjs
 *
 * CPU time in microseconds over an in-memory transport without JSON; rounds interleaved, differences paired.
 */
import { createPolicy, harden } from '@mettle/runtime';
import { interleaved, median, pairedDifference, percentile, table } from './measure.mjs';

const { InMemoryTransport } = await import('@modelcontextprotocol/sdk/inMemory.js');
const rows = [];
for (const [sdk, entry] of [
  ['v1', '@modelcontextprotocol/sdk/server/mcp.js'],
  ['v2', '@modelcontextprotocol/server'],
]) {
  const { McpServer } = await import(entry);
  const bare = await client(new McpServer({ name: 'bare', version: '1' }));
  const hardened = await client(harden(new McpServer({ name: 'hardened', version: '1' }), createPolicy()));
  const cost = await interleaved({ bare, hardened }, { rounds: 81, calls: 300 });
  rows.push({
    SDK: sdk,
    'bare, µs': (median(cost.get('bare')) / 1000).toFixed(1),
    'hardened, µs': (median(cost.get('hardened')) / 1000).toFixed(1),
    'paired difference, µs': (pairedDifference(cost, 'hardened', 'bare') / 1000).toFixed(1),
    'least of each, µs': `${(percentile(cost.get('bare'), 0) / 1000).toFixed(1)}, ${(percentile(cost.get('hardened'), 0) / 1000).toFixed(1)}`,
  });
}
console.log(`${process.version}\n${table(rows)}`);
process.exit(0);

async function client(server) {
  server.registerTool('noop', { description: 'does nothing' }, async () => ({
    content: [{ type: 'text', text: 'ok' }],
  }));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const waiting = new Map();
  let id = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
  ours.onmessage = (message) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  };
  await ours.start();
  await server.connect(theirs);
  const request = (method, params) =>
    new Promise((resolve) => {
      waiting.set(++id, resolve);
      void ours.send({ jsonrpc: '2.0', id, method, params });
    });
  await request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  await ours.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return () => request('tools/call', { name: 'noop', arguments: {} });
}
