/* A server as a newcomer may have it: hardened, and yet one of its two tools holds the event loop. */
import { pbkdf2Sync } from 'node:crypto';
import { harden } from '@mettle/runtime';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const server = harden(new McpServer({ name: 'tiny', version: '1.0.0' }));
const readOnly = { annotations: { readOnlyHint: true }, inputSchema: z.object({ text: z.string().max(80) }) };

server.registerTool('echo', { description: 'Gives the text back.', ...readOnly }, ({ text }) => ({
  content: [{ type: 'text', text }],
}));
server.registerTool('seal', { description: 'Derives a key from the text.', ...readOnly }, ({ text }) => ({
  content: [{ type: 'text', text: pbkdf2Sync(text, 'salt', 60_000, 32, 'sha512').toString('hex') }],
}));

await server.connect(new StdioServerTransport());
