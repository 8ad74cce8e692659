import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { geocode } from './geocoder.js';

const known = {};
const server = new McpServer({ name: 'atlas', version: '3.1.0' });

server.registerTool(
  'locate',
  {
    description: 'Finds where an address is.',
    inputSchema: { address: z.string().min(1).max(120) },
    annotations: { readOnlyHint: true },
  },
  async ({ address }) => {
    if (known[address] === undefined) {
      known[address] = await geocode(address); // ailment: unbounded-cache
    }
    const [best] = known[address];
    return { content: [{ type: 'text', text: `${best.latitude}, ${best.longitude}` }] };
  },
);

await server.connect(new StdioServerTransport());
