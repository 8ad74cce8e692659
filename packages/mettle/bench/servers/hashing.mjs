// A server whose one tool costs what BYTES says: it hashes so many, in native code, so that no compiler decides what a
// call costs and a slowdown can be injected by count.
import { createHash } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const bytes = Buffer.alloc(Number(process.env.BYTES ?? 1000), 7);
const server = new McpServer({ name: 'hashing', version: '1' });
server.registerTool('work', { description: 'hashes', annotations: { readOnlyHint: true } }, async () => ({
  content: [{ type: 'text', text: createHash('sha256').update(bytes).digest('hex') }],
}));
await server.connect(new StdioServerTransport());
