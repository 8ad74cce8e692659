import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'bakery', version: '1.0.0' });

server.registerTool(
  'bake',
  { description: 'Bakes a loaf.', annotations: { readOnlyHint: true } },
  () =>
    new Promise((resolve) => {
      const oven = { ring: () => resolve({ content: [{ type: 'text', text: 'Baked.' }] }) };
      setTimeout(() => {
        oven.ring();
      }, 20);
    }),
);

await server.connect(new StdioServerTransport());
