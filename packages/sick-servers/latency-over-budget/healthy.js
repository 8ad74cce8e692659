import { setTimeout as answer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'weather', version: '1.0.0' });

server.registerTool(
  'forecast',
  { description: 'Tells the weather of tomorrow.', annotations: { readOnlyHint: true } },
  async () => {
    await answer(5);
    return { content: [{ type: 'text', text: 'rain' }] };
  },
);

await server.connect(new StdioServerTransport());
