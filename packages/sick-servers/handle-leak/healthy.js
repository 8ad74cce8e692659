import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { openExchange } from './exchange.js';

const port = await openExchange();
const rules = fileURLToPath(import.meta.url);
const server = new McpServer({ name: 'bureau-de-change', version: '1.0.4' });

server.registerTool(
  'rate',
  {
    description: 'Today’s rate of a currency.',
    inputSchema: { currency: z.string().min(3).max(30) },
    annotations: { readOnlyHint: true },
  },
  async ({ currency }) => {
    const line = connect(port, '127.0.0.1');
    line.unref();
    line.write(`${currency}\n`);
    const [rate] = await once(line, 'data');
    line.destroy();
    return { content: [{ type: 'text', text: String(rate).trim() }] };
  },
);

server.registerTool(
  'first_rule',
  {
    description: 'The first of the house’s rules.',
    inputSchema: { letters: z.number().int().min(8).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ letters }) => {
    const text = Buffer.alloc(letters);
    const file = openSync(rules, 'r');
    readSync(file, text, 0, letters, 0);
    closeSync(file);
    return { content: [{ type: 'text', text: text.toString() }] };
  },
);

await server.connect(new StdioServerTransport());
