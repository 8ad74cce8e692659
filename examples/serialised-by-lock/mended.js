/* A lock for each item: who wants another one does not wait, and looking and taking are still one step. */
import { createPolicy, harden } from '@mettle/runtime';
import { exclusive } from '@mettle/runtime/exclusive';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createWarehouse } from './warehouse.js';

const warehouse = createWarehouse(1_000_000);
const server = harden(new McpServer({ name: 'warehouse', version: '1.0.0' }), createPolicy());
server.registerTool(
  'reserve',
  {
    description: 'Sets items aside.',
    inputSchema: { item: z.string().min(1).max(40), quantity: z.number().int().min(1).max(5) },
    annotations: { readOnlyHint: true },
  },
  async ({ item, quantity }) => exclusive(`item ${item}`, async () => reserve(item, quantity)),
);

async function reserve(item, quantity) {
  const enough = (await warehouse.left(item)) >= quantity;
  if (enough) await warehouse.take(item, quantity);
  return { content: [{ type: 'text', text: enough ? `Reserved ${quantity}` : 'Too few left' }] };
}

await server.connect(new StdioServerTransport());
