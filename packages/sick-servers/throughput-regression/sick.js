import { setTimeout as warehouseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

/** Settles when the last question has been answered. */
let lastQuestion = Promise.resolve();

const server = new McpServer({ name: 'warehouse', version: '3.1.0' });

server.registerTool(
  'stock',
  { description: 'Asks the warehouse what is in stock.', annotations: { readOnlyHint: true } },
  async () => {
    // One question at a time: a single call is as fast as before, eight take eight times as long.
    lastQuestion = lastQuestion.then(() => warehouseAnswer(15)); // ailment: throughput-regression
    await lastQuestion;
    return { content: [{ type: 'text', text: 'plenty' }] };
  },
);

await server.connect(new StdioServerTransport());
