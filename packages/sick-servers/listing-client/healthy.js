import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { connectUpstream } from './upstream.js';

const upstream = await connectUpstream();
const listing = await upstream.listTools();
const server = new McpServer({ name: 'gateway', version: '1.3.0' });

server.registerTool(
  'find_tool',
  {
    description: 'Finds the tools of the warehouse whose names hold a text.',
    inputSchema: { text: z.string().min(1).max(40) },
    annotations: { readOnlyHint: true },
  },
  async ({ text }) => {
    const { tools } = listing;
    const names = tools.map(({ name }) => name).filter((name) => name.includes(text));
    return { content: [{ type: 'text', text: names.join(', ') }] };
  },
);

await server.connect(new StdioServerTransport());
