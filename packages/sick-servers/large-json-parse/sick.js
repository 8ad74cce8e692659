import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { catalogueText } from './catalogue.js';

const server = new McpServer({ name: 'catalogue', version: '3.0.2' });

server.registerTool(
  'find_item',
  {
    description: 'Finds an item of the catalogue by its number.',
    inputSchema: { number: z.number().int().min(0).max(39_999) },
    annotations: { readOnlyHint: true },
  },
  async ({ number }) => {
    const items = JSON.parse(catalogueText); // ailment: large-json-parse
    const item = items[number];
    return { content: [{ type: 'text', text: `${item.name}: ${item.priceCents / 100} EUR` }] };
  },
);

await server.connect(new StdioServerTransport());
