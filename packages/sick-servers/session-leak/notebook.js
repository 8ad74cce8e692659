import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** A server for one session, with what its client noted. */
export function notebook() {
  const notes = [];
  const server = new McpServer({ name: 'notebook', version: '1.5.0' });
  server.registerTool(
    'note',
    {
      description: 'Notes a line, for as long as the session lasts.',
      inputSchema: { line: z.string().min(1).max(120) },
      annotations: { readOnlyHint: true },
    },
    async ({ line }) => {
      notes.push(line);
      if (notes.length > 20) notes.shift();
      return { content: [{ type: 'text', text: `${notes.length} notes` }] };
    },
  );
  return server;
}
