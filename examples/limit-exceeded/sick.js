/* Counts, waits, adds: simultaneous calls all count before any adds, and the event is overbooked. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createRegistrations } from './registrations.js';

const registrations = createRegistrations(10);
const server = new McpServer({ name: 'events', version: '1.0.0' });
server.registerTool(
  'register',
  {
    description: 'Registers somebody for an event of ten places.',
    inputSchema: { event: z.string().default('concert'), name: z.string().default('Ada') },
  },
  async ({ event, name }) => register(event, name),
);

async function register(event, name) {
  const taken = await registrations.count(event);
  const said = taken < registrations.places ? `Place ${await registrations.add(event, name)}` : 'Full';
  return { content: [{ type: 'text', text: said }] };
}

await server.connect(new StdioServerTransport());
