import { setTimeout as warehouseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'warehouse', version: '3.0.0' });

server.registerTool(
  'stock',
  { description: 'Asks the warehouse what is in stock.', annotations: { readOnlyHint: true } },
  async () => {
    await warehouseAnswer(15);
    return { content: [{ type: 'text', text: 'plenty' }] };
  },
);

await server.connect(new StdioServerTransport());
