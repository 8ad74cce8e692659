/*
 * Two tools, one helper that blocks after an `await` of its own: `archive_ticket` has a long text and is slow,
 * `preview_ticket` has a short one and is not. The stack of the block holds neither tool's handler.
 */
import { createHash } from 'node:crypto';
import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

async function fingerprint(text, rounds) {
  await databaseAnswer(2);
  let digest = text;
  for (let round = 0; round < rounds; round++)
    digest = createHash('sha256').update(digest).update(text).digest('hex'); // ailment: hash-on-main-thread
  return digest;
}

const server = new McpServer({ name: 'helpdesk', version: '1.0.0' });
const annotations = { readOnlyHint: true };
const inputSchema = { ticket: z.number().int().min(1).max(500) };
const LONG = 'The printer is on fire. '.repeat(4000);

server.registerTool(
  'archive_ticket',
  { description: 'Puts a ticket away, with a fingerprint.', inputSchema, annotations },
  async ({ ticket }) => ({ content: [{ type: 'text', text: await fingerprint(`${ticket} ${LONG}`, 600) }] }),
);

server.registerTool(
  'preview_ticket',
  { description: 'A ticket’s first line, with a fingerprint.', inputSchema, annotations },
  async ({ ticket }) => ({ content: [{ type: 'text', text: await fingerprint(`${ticket}`, 1) }] }),
);

await server.connect(new StdioServerTransport());
