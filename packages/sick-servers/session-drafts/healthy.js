import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createSessions } from '@mettle/runtime/memory';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { draftServer } from './drafts.js';

const drafts = new Map();
const sessions = createSessions({
  idleMs: 15 * 60_000,
  max: 40,
  onEnd: (transport) => {
    drafts.delete(transport.sessionId);
    return transport.close();
  },
});
const save = (sessionId, draft) => {
  drafts.set(sessionId, draft);
};

createServer(async (request, response) => {
  const id = request.headers['mcp-session-id'];
  let transport = sessions.get(id);
  if (transport === undefined) {
    if (id !== undefined) {
      response.writeHead(404).end();
      return;
    }
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) => {
        sessions.set(sessionId, transport);
      },
      onsessionclosed: (sessionId) => {
        sessions.delete(sessionId);
        drafts.delete(sessionId);
      },
    });
    await draftServer(save).connect(transport);
  }
  await transport.handleRequest(request, response);
}).listen(Number(process.env.PORT ?? process.argv[2] ?? 3000), '127.0.0.1');
