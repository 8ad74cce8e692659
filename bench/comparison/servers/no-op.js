/* One tool that does nothing: what a call costs more under a profiler is the profiler's. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'no-op', version: '1.0.0' });
server.registerTool(
  'nothing',
  { description: 'Does nothing.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: 'done' }] }),
);

await server.connect(new StdioServerTransport());
