import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'bank', version: '1.0.0' });

server.registerTool(
  'show_account',
  {
    description: 'The account of a customer.',
    inputSchema: { name: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ name }) => {
    await databaseAnswer(5);
    return { content: [{ type: 'text', text: `Account of ${name}` }] };
  },
);

await server.connect(new StdioServerTransport());
