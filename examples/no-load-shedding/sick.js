/* Takes every call at once: beyond its capacity all answers come too late, and none is of use. */
import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { computeReport } from './report.js';

const server = new McpServer({ name: 'reports', version: '1.0.0' });
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
