/* One lock for the whole shop: whoever wants a mug waits for whoever wants a kettle. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createWarehouse } from './warehouse.js';

const warehouse = createWarehouse(1_000_000);
const server = new McpServer({ name: 'warehouse', version: '1.0.0' });
server.registerTool(
  'reserve',
  {
    description: 'Sets items aside.',
    inputSchema: { item: z.string().min(1).max(40), quantity: z.number().int().min(1).max(5) },
    annotations: { readOnlyHint: true },
  },
  async ({ item, quantity }) => oneAtATime(() => reserve(item, quantity)),
);

let last = Promise.resolve();

async function oneAtATime(work) {
  const before = last;
  let done;
  last = new Promise((resolve) => (done = resolve));
  await before;
  try {
    return await work();
  } finally {
    done();
  }
}

async function reserve(item, quantity) {
  const enough = (await warehouse.left(item)) >= quantity;
  if (enough) await warehouse.take(item, quantity);
  return { content: [{ type: 'text', text: enough ? `Reserved ${quantity}` : 'Too few left' }] };
}

await server.connect(new StdioServerTransport());
