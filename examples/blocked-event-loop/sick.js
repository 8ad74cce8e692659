/* Ranking runs on the event loop: while one customer is served, nobody else is. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import rank from './rank.js';

const server = new McpServer({ name: 'recommendations', version: '1.0.0' });
server.registerTool(
  'recommend',
  {
    description: 'Ranks the catalogue for one customer.',
    inputSchema: { customer: z.string().min(1).max(40), limit: z.number().int().min(1).max(20).default(5) },
    annotations: { readOnlyHint: true },
  },
  async (input) => ({ content: [{ type: 'text', text: JSON.stringify(rank(input)) }] }),
);
await server.connect(new StdioServerTransport());
