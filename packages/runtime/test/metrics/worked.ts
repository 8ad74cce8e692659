import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/server';
import { createPolicy, harden } from '../../src/mcp/index.ts';
import type { Policy } from '../../src/mcp/index.ts';
import { addTools2, overMemory } from '../mcp/servers.ts';

/** A policy that has seen four calls of three tools, one of which fails, and a ping. */
export async function worked(): Promise<Policy> {
  const policy = createPolicy();
  const server = new McpServer({ name: 'test', version: '1' });
  addTools2(server, {
    ok: () => 'ok',
    fails: () => {
      throw new Error('no');
    },
    'odd "name"\n': () => 'ok',
  });
  const peer = await overMemory(harden(server, policy), InMemoryTransport);
  for (const tool of ['ok', 'ok', 'fails', 'odd "name"\n']) await peer.call(tool);
  await peer.request('ping');
  return policy;
}
