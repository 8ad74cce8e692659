import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { computeReport } from './report.js';

/** Together they take no longer than a person waits. */
const MOST_AT_ONCE = 8;
let underWay = 0;
const server = new McpServer({ name: 'reports', version: '1.0.0' });

server.registerTool(
  'report',
  {
    description: 'The figures of one month.',
    inputSchema: { month: z.number().int().min(1).max(12) },
    annotations: { readOnlyHint: true },
  },
  async ({ month }) => {
    if (underWay >= MOST_AT_ONCE)
      return { isError: true, content: [{ type: 'text', text: 'Busy: come back in a moment.' }] };
    underWay += 1;
    try {
      const figures = computeReport(month);
      await databaseAnswer(20);
      return { content: [{ type: 'text', text: figures }] };
    } finally {
      underWay -= 1;
    }
  },
);

await server.connect(new StdioServerTransport());
