import { setTimeout as indexed } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'search-index', version: '0.9.2' });

server.registerTool(
  'reindex_preview',
  {
    description: 'Says what indexing a folder anew would change.',
    inputSchema: { folder: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ folder }) => {
    const progress = {
      folder,
      ticks: 0,
      pages: Array.from({ length: 40 }, (_, page) => folder.length + page),
    };
    const beat = () => (progress.ticks += 1);
    const heartbeat = setInterval(beat, 500); // ailment: interval-accumulation
    heartbeat.unref();
    await indexed(2);
    return { content: [{ type: 'text', text: `${progress.pages.length} pages of ${folder} would change` }] };
  },
);

await server.connect(new StdioServerTransport());
