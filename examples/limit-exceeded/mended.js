/* Whoever counts also adds before the next one counts; other events do not wait. */
import { createPolicy, harden } from '@mettle/runtime';
import { exclusive } from '@mettle/runtime/exclusive';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createRegistrations } from './registrations.js';

const registrations = createRegistrations(10);
const server = harden(new McpServer({ name: 'events', version: '1.0.0' }), createPolicy());
server.registerTool(
  'register',
  {
    description: 'Registers somebody for an event of ten places.',
    inputSchema: { event: z.string().default('concert'), name: z.string().default('Ada') },
  },
  async ({ event, name }) => exclusive(`event ${event}`, async () => register(event, name)),
);

async function register(event, name) {
  const taken = await registrations.count(event);
  const said = taken < registrations.places ? `Place ${await registrations.add(event, name)}` : 'Full';
  return { content: [{ type: 'text', text: said }] };
}

await server.connect(new StdioServerTransport());
