import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** A client of a server that a gateway stands in front of. */
export async function connectUpstream() {
  const server = new McpServer({ name: 'warehouse', version: '1.0.0' });
  for (const name of ['stock', 'orders']) {
    server.registerTool(
      name,
      {
        description: `The ${name}.`,
        inputSchema: { sku: z.string() },
        outputSchema: { sku: z.string(), amount: z.number().int() },
      },
      async ({ sku }) => ({ content: [], structuredContent: { sku, amount: sku.length } }),
    );
  }
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  const client = new Client({ name: 'gateway', version: '1.0.0' });
  await client.connect(near);
  return client;
}
