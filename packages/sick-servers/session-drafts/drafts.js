import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** A server whose sessions keep drafts, where `save` puts them. */
export function draftServer(save) {
  const server = new McpServer({ name: 'drafts', version: '1.0.0' });
  server.registerTool(
    'save_draft',
    {
      description: 'Keeps the draft of this session, instead of the one before.',
      inputSchema: { text: z.string().min(1).max(200) },
      annotations: { readOnlyHint: true },
    },
    async ({ text }, { sessionId }) => {
      save(sessionId, { text, words: text.split(' '), savedAt: Date.now() });
      return { content: [{ type: 'text', text: `${text.length} characters kept` }] };
    },
  );
  server.registerTool(
    'count_words',
    {
      description: 'Counts the words of a text.',
      inputSchema: { text: z.string().min(1).max(200) },
      annotations: { readOnlyHint: true },
    },
    async ({ text }) => ({ content: [{ type: 'text', text: String(text.split(' ').length) }] }),
  );
  return server;
}
