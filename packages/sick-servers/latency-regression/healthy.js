import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { rankOnce } from './ranking.js';

const server = new McpServer({ name: 'catalogue', version: '1.4.0' });

server.registerTool(
  'suggest',
  { description: 'Suggests items of the catalogue.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: rankOnce().join(', ') }] }),
);

await server.connect(new StdioServerTransport());
