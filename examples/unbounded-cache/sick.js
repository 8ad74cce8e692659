/* Remembers every answer it ever gave. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const answers = new Map();
const server = new McpServer({ name: 'search', version: '1.0.0' });
server.registerTool(
  'search',
  {
    description: 'Searches the catalogue.',
    inputSchema: { query: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ query }) => {
    let found = answers.get(query);
    if (found === undefined) {
      found = Array.from({ length: 50 }, (_, at) => ({ title: `${query} ${at}` }));
      answers.set(query, found);
    }
    return { content: [{ type: 'text', text: JSON.stringify(found.slice(0, 5)) }] };
  },
);
await server.connect(new StdioServerTransport());
