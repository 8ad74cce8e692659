import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createSessions } from '@mettle/runtime/memory';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

/** A dictionary over HTTP, whose sessions end; `options` are the transport's. */
export function serveDictionary(options) {
  const sessions = createSessions({ idleMs: 60_000, max: 200, onEnd: (transport) => transport.close() });

  createServer(async (request, response) => {
    const id = request.headers['mcp-session-id'];
    let transport = sessions.get(id);
    if (transport === undefined) {
      if (id !== undefined) {
        response.writeHead(404).end();
        return;
      }
      transport = new StreamableHTTPServerTransport({
        ...options,
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (sessionId) => {
          sessions.set(sessionId, transport);
        },
        onsessionclosed: (sessionId) => {
          sessions.delete(sessionId);
        },
      });
      await dictionary().connect(transport);
    }
    await transport.handleRequest(request, response); // ailment: sdk-json-response
  }).listen(Number(process.env.PORT ?? process.argv[2] ?? 3000), '127.0.0.1');
}

function dictionary() {
  const server = new McpServer({ name: 'dictionary', version: '2.0.0' });
  for (const [name, description] of [
    ['define', 'Defines a word.'],
    ['spell', 'Spells a word.'],
    ['rhyme', 'Finds a rhyme.'],
  ]) {
    server.registerTool(
      name,
      { description, inputSchema: { word: z.string().min(1).max(60) }, annotations: { readOnlyHint: true } },
      async ({ word }) => ({ content: [{ type: 'text', text: `${name}: ${word.split('').join(' ')}` }] }),
    );
  }
  return server;
}
