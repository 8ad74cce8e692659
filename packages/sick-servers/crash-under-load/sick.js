import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

/** The oven's clock; null while nothing bakes. */
let oven = null;
const server = new McpServer({ name: 'bakery', version: '1.0.0' });

server.registerTool(
  'bake',
  { description: 'Bakes a loaf.', annotations: { readOnlyHint: true } },
  () =>
    new Promise((resolve) => {
      oven = { ring: () => resolve({ content: [{ type: 'text', text: 'Baked.' }] }) };
      setTimeout(() => {
        oven.ring();
        oven = null;
      }, 20);
    }),
);

await server.connect(new StdioServerTransport());
