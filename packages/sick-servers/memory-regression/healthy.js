import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'dictionary', version: '1.0.0' });

server.registerTool(
  'define',
  { description: 'Defines a word.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: 'a vessel for tea' }] }),
);

await server.connect(new StdioServerTransport());
