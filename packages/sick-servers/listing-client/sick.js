import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { connectUpstream } from './upstream.js';

const upstream = await connectUpstream();

const server = new McpServer({ name: 'gateway', version: '1.3.0' });

server.registerTool(
  'find_tool',
  {
    description: 'Finds the tools of the warehouse whose names hold a text.',
    inputSchema: { text: z.string().min(1).max(40) },
    annotations: { readOnlyHint: true },
  },
  async ({ text }) => {
    // Each listing compiles the tools’ output schemas anew, and Ajv keeps all that it ever compiled.
    const { tools } = await upstream.listTools(); // ailment: listing-client
    const names = tools.map(({ name }) => name).filter((name) => name.includes(text));
    return { content: [{ type: 'text', text: names.join(', ') }] };
  },
);

await server.connect(new StdioServerTransport());
