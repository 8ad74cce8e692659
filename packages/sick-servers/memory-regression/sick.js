import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

// The whole dictionary at once, at start, for the few words that are asked for.
const pages = Array.from({ length: 120 }, (_, page) => Buffer.alloc(1_000_000, page)); // ailment: memory-regression

const server = new McpServer({ name: 'dictionary', version: '1.1.0' });

server.registerTool(
  'define',
  { description: 'Defines a word.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: `a vessel for tea (of ${pages.length} pages)` }] }),
);

await server.connect(new StdioServerTransport());
