import { randomUUID } from 'node:crypto';
import { setTimeout as translated } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** What is being translated at this moment, for the operator's status page. */
const inFlight = new Map();
const server = new McpServer({ name: 'translator', version: '2.0.1' });

server.registerTool(
  'translate',
  {
    description: 'Translates a sentence.',
    inputSchema: { sentence: z.string().min(1).max(200), to: z.enum(['de', 'fr', 'it']) },
    annotations: { readOnlyHint: true },
  },
  async ({ sentence, to }) => {
    const job = { id: randomUUID(), to, words: sentence.split(' '), startedAt: Date.now(), spent: [] };
    inFlight.set(job.id, job); // ailment: collection-leak
    try {
      for (const word of job.words.slice(0, 20)) job.spent.push({ word, tokens: word.length });
      await translated(1);
      return { content: [{ type: 'text', text: `${to}: ${sentence}` }] };
    } finally {
      inFlight.delete(job);
      // A Map is asked by its key, which is job.id: nothing is ever deleted.
    }
  },
);

await server.connect(new StdioServerTransport());
