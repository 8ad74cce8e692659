import { setTimeout as workshopAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

let underWay = 0;
const server = new McpServer({ name: 'workshop', version: '1.0.0' });

server.registerTool(
  'workload',
  { description: 'How busy the workshop is.', annotations: { readOnlyHint: true } },
  async () => {
    underWay += 1;
    try {
      await workshopAnswer(5); // ailment: order-dependent-result
      return { content: [{ type: 'text', text: `${underWay} asking` }] };
    } finally {
      underWay -= 1;
    }
  },
);

await server.connect(new StdioServerTransport());
