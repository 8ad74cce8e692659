import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** Thumbnails made so far, for the preview page. */
const made = [];
const server = new McpServer({ name: 'photo-album', version: '1.1.0' });

server.registerTool(
  'thumbnail',
  {
    description: 'Makes a small picture of a photograph.',
    inputSchema: { photo: z.string().min(1).max(60) },
    annotations: { readOnlyHint: true },
  },
  async ({ photo }) => {
    const pixels = Buffer.alloc(96 * 64 * 3, photo);
    made.push(pixels); // ailment: external-memory-leak
    return { content: [{ type: 'text', text: `${pixels.length} bytes` }] };
  },
);

await server.connect(new StdioServerTransport());
