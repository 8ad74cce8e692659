import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { hardTitle } from './hard-title.js';

const TITLE = hardTitle();
const WORDS = /^(\w+\s?)*$/;
const server = new McpServer({ name: 'library', version: '0.9.1' });

server.registerTool(
  'check_title',
  {
    description: 'Says whether the title of a report can be used on a shelf.',
    inputSchema: { shelf: z.number().int().min(1).max(400) },
    annotations: { readOnlyHint: true },
  },
  async ({ shelf }) => {
    const valid = WORDS.test(TITLE); // ailment: regex-backtracking
    return {
      content: [{ type: 'text', text: valid ? `Fits on shelf ${shelf}.` : 'Letters and spaces only.' }],
    };
  },
);

await server.connect(new StdioServerTransport());
