import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { plan } from './seating-plan.js';

const server = new McpServer({ name: 'theatre', version: '5.3.0' });

server.registerTool(
  'free_seats',
  {
    description: 'Counts the free seats of a row.',
    inputSchema: { row: z.number().int().min(0).max(299) },
    annotations: { readOnlyHint: true },
  },
  async ({ row }) => {
    const mine = structuredClone(plan); // ailment: deep-clone-per-call
    const free = mine.rows[row].seats.filter((seat) => !seat.taken);
    return { content: [{ type: 'text', text: `${free.length} seats from ${free[0]?.price} EUR` }] };
  },
);

await server.connect(new StdioServerTransport());
