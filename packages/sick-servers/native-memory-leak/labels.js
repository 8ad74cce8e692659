import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const compressed = promisify(deflate);
const DOTS = 64 * 1024;

/** A printer of labels; `handOver` gives what is to be printed to the program that prints. */
export async function serve(handOver) {
  const server = new McpServer({ name: 'label-printer', version: '1.3.0' });
  let printed = 0;

  server.registerTool(
    'print_label',
    {
      description: 'Prints a label.',
      inputSchema: { text: z.string().min(1).max(120) },
      annotations: { readOnlyHint: true },
    },
    async ({ text }) => {
      printed += 1;
      handOver(printed, text.padEnd(DOTS, '.'));
      return { content: [{ type: 'text', text: `label ${printed} is being printed` }] };
    },
  );

  // Buffers of many sizes, made and let go: the allocator's heap is never the same twice.
  server.registerTool(
    'archive_label',
    {
      description: 'Says how small a label becomes in the archive.',
      inputSchema: { text: z.string().min(1).max(120), copies: z.number().int().min(1).max(20) },
      annotations: { readOnlyHint: true },
    },
    async ({ text, copies }) => {
      const pages = Array.from({ length: copies }, (_, copy) => Buffer.alloc(1000 + copy * 700, text));
      let bytes = 0;
      for (const page of pages) bytes += (await compressed(page)).length;
      return { content: [{ type: 'text', text: `${bytes} bytes` }] };
    },
  );

  await server.connect(new StdioServerTransport());
}
