import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** So many steps can be taken back. */
const STEPS = 50;
let steps = 0;
let oldest;
/** The newest version of the text; each knows the one before it. */
let newest;
const server = new McpServer({ name: 'editor', version: '0.3.0' });

server.registerTool(
  'preview_edit',
  {
    description: 'Shows how a paragraph would read.',
    inputSchema: { paragraph: z.string().min(1).max(200) },
    annotations: { readOnlyHint: true },
  },
  async ({ paragraph }) => {
    const words = paragraph.split(' ');
    const marks = Array.from({ length: 60 }, (_, at) => at * words.length);
    const version = { words, marks, before: newest, after: undefined };
    if (newest === undefined) oldest = version;
    else newest.after = version;
    newest = version;
    if (++steps > STEPS) {
      oldest = oldest.after;
      oldest.before = undefined;
    }
    return { content: [{ type: 'text', text: newest.words.join(' ') }] };
  },
);

await server.connect(new StdioServerTransport());
