import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'reporting', version: '1.0.0' });

server.registerTool(
  'write_report',
  { description: 'Writes a report.', inputSchema: { title: z.string().min(1).max(80) } },
  async ({ title }) => {
    const part = `${randomUUID()}.tmp`;
    await writeFile(part, 'All is well.');
    await rename(part, `${encodeURIComponent(title)}.txt`);
    return { content: [{ type: 'text', text: 'Written.' }] };
  },
);

await server.connect(new StdioServerTransport());
