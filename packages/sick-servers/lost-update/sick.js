import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const FILE = 'notes.json';
const server = new McpServer({ name: 'notebook', version: '1.0.0' });

server.registerTool(
  'add_note',
  { description: 'Writes a note down.', inputSchema: { note: z.string().min(1).max(200) } },
  async ({ note }) => {
    const notes = await load();
    await save([...notes, note]);
    return { content: [{ type: 'text', text: 'Written down.' }] };
  },
);

server.registerTool(
  'list_notes',
  { description: 'All notes.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: JSON.stringify(await load()) }] }),
);

async function load() {
  try {
    return JSON.parse(await readFile(FILE, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

async function save(notes) {
  const part = `${FILE}.${randomUUID()}`;
  await writeFile(part, JSON.stringify(notes));
  await rename(part, FILE); // ailment: lost-update
}

await server.connect(new StdioServerTransport());
