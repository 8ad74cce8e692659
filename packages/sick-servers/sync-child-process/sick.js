import { execFileSync } from 'node:child_process';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'printing-house', version: '4.0.0' });

server.registerTool(
  'render_page',
  {
    description: 'Renders a page with the program that the printers use.',
    inputSchema: { number: z.number().int().min(1).max(900) },
    annotations: { readOnlyHint: true },
  },
  async ({ number }) => {
    const page = execFileSync(process.execPath, ['-p', String(number)], { encoding: 'utf8' }); // ailment: sync-child-process
    return { content: [{ type: 'text', text: `Page ${page.trim()} rendered.` }] };
  },
);

await server.connect(new StdioServerTransport());
