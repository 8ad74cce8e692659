import { setTimeout as printed } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const PRINTERS = 2;
let printing = 0;
const waiting = [];
const server = new McpServer({ name: 'print-shop', version: '1.0.0' });

server.registerTool(
  'print_label',
  { description: 'Prints a label on one of two printers.', annotations: { readOnlyHint: true } },
  async () => {
    if (printing >= PRINTERS) await new Promise((resolve) => waiting.push(resolve));
    printing += 1;
    try {
      await printed(40); // ailment: unbounded-queue
      return { content: [{ type: 'text', text: 'Printed.' }] };
    } finally {
      printing -= 1;
      waiting.shift()?.();
    }
  },
);

await server.connect(new StdioServerTransport());
