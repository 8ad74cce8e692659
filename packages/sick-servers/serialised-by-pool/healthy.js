import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createPool } from './connection-pool.js';

const pool = createPool(32, 30);
const orders = Array.from({ length: 200 }, (_, i) => ({
  id: `A-${1000 + i}`,
  status: i % 3 === 0 ? 'open' : 'shipped',
}));

const server = new McpServer({ name: 'orders', version: '3.0.2' });

server.registerTool(
  'search_orders',
  {
    description: 'Finds orders by status, newest first.',
    inputSchema: { status: z.enum(['open', 'shipped']), limit: z.number().int().min(1).max(50).default(10) },
    annotations: { readOnlyHint: true },
  },
  async ({ status, limit }) => {
    const connection = await pool.acquire();
    try {
      const found = await connection.query(orders.filter((order) => order.status === status).slice(-limit));
      return { content: [{ type: 'text', text: JSON.stringify(found) }] };
    } finally {
      pool.release(connection);
    }
  },
);

await server.connect(new StdioServerTransport());
