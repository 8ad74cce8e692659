/* As many calls as it can serve in time; the rest is told at once to come back later. */
import { createPolicy, harden } from '@mettle/runtime';
import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { computeReport } from './report.js';

const server = harden(new McpServer({ name: 'reports', version: '1.0.0' }), createPolicy());
server.registerTool(
  'report',
  {
    description: 'The figures of one month.',
    inputSchema: { month: z.number().int().min(1).max(12).default(1) },
    annotations: { readOnlyHint: true },
  },
  async ({ month }) => {
    const figures = computeReport(month);
    await databaseAnswer(60);
    return { content: [{ type: 'text', text: figures }] };
  },
);
await server.connect(new StdioServerTransport());
