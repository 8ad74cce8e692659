/* One unlucky title stops the whole server for seconds, or for good. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import isTitle from './title.js';

const server = new McpServer({ name: 'library', version: '1.0.0' });
server.registerTool(
  'check_title',
  {
    description: 'Says whether a title can be used.',
    inputSchema: {
      title: z
        .string()
        .min(1)
        .max(200)
        .default(`${'report'.repeat(4)}!`),
    },
    annotations: { readOnlyHint: true },
  },
  async ({ title }) => ({
    content: [{ type: 'text', text: isTitle(title) ? 'Fits.' : 'Letters and spaces only.' }],
  }),
);
await server.connect(new StdioServerTransport());
