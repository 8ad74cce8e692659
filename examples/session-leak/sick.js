/* Sessions end only by DELETE, and crashed clients send none: the map keeps them all. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

const sessions = new Map();

function createNotes() {
  const notes = [];
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool(
    'note',
    {
      description: 'Takes a note for this session.',
      inputSchema: { text: z.string().max(500).default('milk') },
    },
    async ({ text }) => ({ content: [{ type: 'text', text: String(notes.push(text)) }] }),
  );
  return server;
}

const http = createServer((request, response) => void serve(request, response));

async function serve(request, response) {
  let transport = sessions.get(request.headers['mcp-session-id'] ?? '');
  if (transport === undefined) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await createNotes().connect(transport);
  }
  await transport.handleRequest(request, response);
}

http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
