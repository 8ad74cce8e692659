import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { notebook } from '../session-leak/notebook.js';

/** A session that nobody used for so long is ended. */
const IDLE_MS = 5 * 60_000;
const sessions = new Map();
/** What each session's server did last; gone with it. */
const lastRequests = new WeakMap();

createServer(async (request, response) => {
  const id = request.headers['mcp-session-id'];
  let session = sessions.get(id);
  if (session === undefined) {
    if (id !== undefined) {
      response.writeHead(404).end();
      return;
    }
    session = await openSession();
  }
  session.idle?.refresh();
  lastRequests.set(session.transport, { at: Date.now(), agent: request.headers['user-agent'] });
  await session.transport.handleRequest(request, response);
}).listen(Number(process.env.PORT ?? process.argv[2] ?? 3000), '127.0.0.1');

async function openSession() {
  const session = { transport: undefined, idle: undefined };
  session.transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (sessionId) => {
      sessions.set(sessionId, session);
      session.idle = setTimeout(() => end(sessionId), IDLE_MS).unref();
    },
    onsessionclosed: end,
  });
  await notebook().connect(session.transport);
  return session;
}

function end(sessionId) {
  const session = sessions.get(sessionId);
  if (session === undefined) return;
  sessions.delete(sessionId);
  clearTimeout(session.idle);
  void session.transport.close();
}
