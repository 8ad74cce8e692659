import { readFile, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const FILE = 'theme.json';
const server = new McpServer({ name: 'appearance', version: '1.0.0' });

server.registerTool(
  'set_theme',
  { description: 'Chooses the colours.', inputSchema: { theme: z.string().min(1).max(80) } },
  async ({ theme }) => {
    await save({ theme });
    return { content: [{ type: 'text', text: 'Chosen.' }] };
  },
);

server.registerTool(
  'get_theme',
  { description: 'The colours chosen.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: await load() }] }),
);

async function save(settings) {
  await writeFile(FILE, JSON.stringify(settings)); // ailment: torn-read
}

async function load() {
  try {
    return JSON.parse(await readFile(FILE, 'utf8')).theme;
  } catch (error) {
    if (error.code === 'ENOENT') return 'default';
    throw error;
  }
}

await server.connect(new StdioServerTransport());
