/* node serve-v2.mjs stdio|http TOOL-SET [PORT] : an MCP server on SDK v2 with the tools of a benchmark. */
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { registerTools } from './tool-sets.mjs';

const [transportName, toolSet, port] = process.argv.slice(2);

function newServer() {
  const server = new McpServer({ name: 'bench-v2', version: '1.0.0' });
  registerTools(server, toolSet);
  return server;
}

if (transportName === 'http')
  createServer(toNodeHandler(createMcpHandler(newServer))).listen(Number(port), '127.0.0.1');
else await newServer().connect(new StdioServerTransport());
