import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const SEATS = 5;
const guests = [];
const server = new McpServer({ name: 'table-booking', version: '1.0.0' });

server.registerTool(
  'book_seat',
  { description: 'Books one of five seats.', inputSchema: { guest: z.string().min(1).max(80) } },
  async ({ guest }) => {
    await databaseAnswer(5);
    // Counted and taken in one go.
    if (guests.length >= SEATS) return { content: [{ type: 'text', text: 'Full.' }] };
    guests.push(guest);
    return { content: [{ type: 'text', text: 'Booked.' }] };
  },
);

server.registerTool(
  'list_guests',
  { description: 'Who has a seat.', annotations: { readOnlyHint: true } },
  () => ({ content: [{ type: 'text', text: JSON.stringify(guests) }] }),
);

await server.connect(new StdioServerTransport());
