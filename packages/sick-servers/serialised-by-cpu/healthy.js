import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createWorkerPool } from '../worker-pool.js';

const workers = createWorkerPool(new URL('worker.js', import.meta.url));

const server = new McpServer({ name: 'recommendations', version: '0.9.1' });

server.registerTool(
  'recommend_products',
  {
    description: 'Ranks the catalogue for one customer.',
    inputSchema: { customer: z.string().min(1).max(40), limit: z.number().int().min(1).max(20).default(5) },
    annotations: { readOnlyHint: true },
  },
  async ({ customer, limit }) => {
    const best = await workers.run({ customer, limit });
    return { content: [{ type: 'text', text: JSON.stringify(best) }] };
  },
);

await server.connect(new StdioServerTransport());
