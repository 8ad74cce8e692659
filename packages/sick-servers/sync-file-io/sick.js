import { closeSync, openSync, readSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** A large file that every machine has: the program that runs this server, about 100 MB. */
const ARCHIVE = process.execPath;
const server = new McpServer({ name: 'archive', version: '1.0.7' });

server.registerTool(
  'verify_archive',
  {
    description: 'Reads the archive from end to end, to see that the disk still gives it back.',
    inputSchema: { unit: z.enum(['kB', 'MB']) },
    annotations: { readOnlyHint: true },
  },
  async ({ unit }) => {
    const archive = openSync(ARCHIVE, 'r');
    const chunk = Buffer.allocUnsafe(256 * 1024);
    let bytes = 0;
    for (let read = -1; read !== 0; bytes += read) {
      read = readSync(archive, chunk, 0, chunk.length, null); // ailment: sync-file-io
    }
    closeSync(archive);
    return {
      content: [{ type: 'text', text: `${Math.round(bytes / (unit === 'kB' ? 1e3 : 1e6))} ${unit} read` }],
    };
  },
);

await server.connect(new StdioServerTransport());
