import { appendFile, readFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const FILE = 'subscribers.txt';
const server = new McpServer({ name: 'newsletter', version: '1.0.0' });

server.registerTool(
  'subscribe',
  { description: 'Subscribes somebody, once.', inputSchema: { name: z.string().min(1).max(80) } },
  async ({ name }) => {
    const known = (await subscribers()).includes(name);
    if (!known) await appendFile(FILE, `${name}\n`); // ailment: duplicate-effect
    return { content: [{ type: 'text', text: known ? 'Subscribed before.' : 'Subscribed.' }] };
  },
);

server.registerTool(
  'list_subscribers',
  { description: 'Who gets the letter.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: JSON.stringify(await subscribers()) }] }),
);

async function subscribers() {
  try {
    return (await readFile(FILE, 'utf8')).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

await server.connect(new StdioServerTransport());
