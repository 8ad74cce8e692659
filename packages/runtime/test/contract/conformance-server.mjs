/* A server for conformance.mjs, bare or hardened, of the SDK generation that is named; says its port on stdout. */
import { createServer } from 'node:http';
import { createPolicy, harden } from '@mettle/runtime';

const [sdk, how] = process.argv.slice(2);
const policy = createPolicy();
const dressed = (server) => (how === 'hardened' ? harden(server, policy) : server);
const text = (said) => ({ content: [{ type: 'text', text: said }] });

/** The fixtures of the conformance suite that need no more than a line. */
function fixtures(server) {
  server.registerTool('test_simple_text', { description: 'text' }, async () =>
    text('This is a simple text response for testing.'),
  );
  server.registerTool('test_error_handling', { description: 'error' }, async () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool('test_multiple_content_types', { description: 'several' }, async () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'test://mixed', mimeType: 'application/json', text: '{}' } },
    ],
  }));
  const contents = (uri) => ({
    contents: [
      { uri: uri.href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
    ],
  });
  server.registerResource('static', 'test://static-text', { mimeType: 'text/plain' }, async (uri) =>
    contents(uri),
  );
  server.registerPrompt('test_simple_prompt', { description: 'prompt' }, async () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'This is a simple prompt for testing.' } }],
  }));
  return server;
}

const listener = sdk === 'v2' ? await v2() : await v1();
const http = createServer((request, response) => void listener(request, response));
http.listen(0, '127.0.0.1', () => console.log(http.address().port));

async function v2() {
  const { createMcpHandler, McpServer } = await import('@modelcontextprotocol/server');
  const { toNodeHandler } = await import('@modelcontextprotocol/node');
  return toNodeHandler(
    createMcpHandler(() => fixtures(dressed(new McpServer({ name: 'conformance', version: '1' })))),
  );
}

async function v1() {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const { StreamableHTTPServerTransport } =
    await import('@modelcontextprotocol/sdk/server/streamableHttp.js');
  const sessions = new Map();
  return async (request, response) => {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, transport),
      });
      await fixtures(dressed(new McpServer({ name: 'conformance', version: '1' }))).connect(transport);
    }
    await transport.handleRequest(request, response);
  };
}
