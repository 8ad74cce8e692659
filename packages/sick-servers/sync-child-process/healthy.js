import { execFile as execFileWithCallback } from 'node:child_process';
import { promisify } from 'node:util';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const execFile = promisify(execFileWithCallback);
const server = new McpServer({ name: 'printing-house', version: '4.0.0' });

server.registerTool(
  'render_page',
  {
    description: 'Renders a page with the program that the printers use.',
    inputSchema: { number: z.number().int().min(1).max(900) },
    annotations: { readOnlyHint: true },
  },
  async ({ number }) => {
    const { stdout: page } = await execFile(process.execPath, ['-p', String(number)]);
    return { content: [{ type: 'text', text: `Page ${page.trim()} rendered.` }] };
  },
);

await server.connect(new StdioServerTransport());
