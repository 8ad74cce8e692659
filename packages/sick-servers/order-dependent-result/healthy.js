import { setTimeout as workshopAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const BENCHES = 4;
const server = new McpServer({ name: 'workshop', version: '1.0.0' });

server.registerTool(
  'workload',
  { description: 'How busy the workshop is.', annotations: { readOnlyHint: true } },
  async () => {
    await workshopAnswer(5);
    return { content: [{ type: 'text', text: `${BENCHES} benches` }] };
  },
);

await server.connect(new StdioServerTransport());
