import { createRequire } from 'node:module';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const rules = createRequire(import.meta.url)('./rules.cjs');
const server = new McpServer({ name: 'post-office', version: '2.2.0' });

server.registerTool(
  'accepts_parcel',
  {
    description: 'Says whether a parcel is accepted.',
    inputSchema: { grams: z.number().int().min(1).max(40_000) },
    annotations: { readOnlyHint: true },
  },
  async ({ grams }) => {
    return { content: [{ type: 'text', text: rules.accepts(grams) ? 'Accepted.' : 'Too heavy.' }] };
  },
);

await server.connect(new StdioServerTransport());
