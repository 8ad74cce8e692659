/* node serve-v1.mjs stdio|http TOOL-SET [PORT] : an MCP server on SDK v1 with the tools of a benchmark. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { registerTools } from './tool-sets.mjs';

const [transportName, toolSet, port] = process.argv.slice(2);

function newServer() {
  const server = new McpServer({ name: 'bench-v1', version: '1.0.0' });
  registerTools(server, toolSet);
  return server;
}

/** One server per session, as the SDK's documentation shows. */
async function serveHttp() {
  const sessions = new Map();
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await newServer().connect(transport);
    return transport;
  };
  createServer(async (request, response) => {
    const transport = sessions.get(request.headers['mcp-session-id']) ?? (await open());
    await transport.handleRequest(request, response);
  }).listen(Number(port), '127.0.0.1');
}

if (transportName === 'http') await serveHttp();
else await newServer().connect(new StdioServerTransport());
