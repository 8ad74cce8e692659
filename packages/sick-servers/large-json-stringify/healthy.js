import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { entries } from './ledger.js';

// The entries never change: written once.
const size = JSON.stringify(entries).length;
const server = new McpServer({ name: 'ledger', version: '1.2.0' });

server.registerTool(
  'export_size',
  {
    description: 'Says how large the export of the ledger will be.',
    inputSchema: { unit: z.enum(['kB', 'MB']) },
    annotations: { readOnlyHint: true },
  },
  async ({ unit }) => {
    return { content: [{ type: 'text', text: `${Math.round(size / (unit === 'kB' ? 1e3 : 1e6))} ${unit}` }] };
  },
);

await server.connect(new StdioServerTransport());
