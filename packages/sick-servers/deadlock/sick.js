import { readFile, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { withLock } from './locks.js';

const server = new McpServer({ name: 'stock-room', version: '1.0.0' });

server.registerTool(
  'receive_goods',
  { description: 'Puts goods on the shelf, then into the ledger.' },
  async () => {
    await withLock('shelf', async () => {
      await writeFile('shelf.txt', 'full'); // ailment: deadlock
      await withLock('ledger', () => writeFile('ledger.txt', 'received'));
    });
    return { content: [{ type: 'text', text: 'Received.' }] };
  },
);

server.registerTool(
  'audit_stock',
  { description: 'Reads the ledger, then looks at the shelf.' },
  async () => {
    const seen = await withLock('ledger', async () => {
      const ledger = await text('ledger.txt');
      return withLock('shelf', async () => `${ledger}, ${await text('shelf.txt')}`);
    });
    return { content: [{ type: 'text', text: seen }] };
  },
);

async function text(file) {
  return readFile(file, 'utf8').catch(() => 'nothing');
}

await server.connect(new StdioServerTransport());
