import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** Whose account is shown. */
let customer = '';
const server = new McpServer({ name: 'bank', version: '1.0.0' });

server.registerTool(
  'show_account',
  {
    description: 'The account of a customer.',
    inputSchema: { name: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ name }) => {
    customer = name;
    await databaseAnswer(5); // ailment: cross-talk
    return { content: [{ type: 'text', text: `Account of ${customer}` }] };
  },
);

await server.connect(new StdioServerTransport());
