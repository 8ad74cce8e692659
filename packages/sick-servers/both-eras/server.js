import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const sum = z.object({ a: z.number().min(-1e6).max(1e6), b: z.number().min(-1e6).max(1e6) });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'both-eras', version: '1.0.0' });
  server.registerTool(
    'add',
    { description: 'Adds two numbers.', inputSchema: sum, annotations: { readOnlyHint: true } },
    async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
  );
  return server;
});

createServer(toNodeHandler(handler)).listen(Number(process.env.PORT ?? process.argv[2] ?? 3000), '127.0.0.1');
