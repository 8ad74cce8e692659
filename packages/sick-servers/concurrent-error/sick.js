import { rename, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'reporting', version: '1.0.0' });

server.registerTool(
  'write_report',
  { description: 'Writes a report.', inputSchema: { title: z.string().min(1).max(80) } },
  async ({ title }) => {
    await writeFile('report.tmp', 'All is well.');
    await rename('report.tmp', `${encodeURIComponent(title)}.txt`); // ailment: concurrent-error
    return { content: [{ type: 'text', text: 'Written.' }] };
  },
);

await server.connect(new StdioServerTransport());
