import { setTimeout as written } from 'node:timers/promises';
import { ring } from '@mettle/runtime/memory';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createPool } from '../serialised-by-pool/connection-pool.js';

const pool = createPool(10, 1);
const recent = ring(200);
const lastCalls = [];
let batch = [];
const converters = {
  csv: () => import('./convert-csv.js'),
  json: () => import('./convert-json.js'),
  html: () => import('./convert-html.js'),
};
/** What is known of each request while it is answered. */
const contexts = new WeakMap();

const readOnlyHint = true;
const answer = (value) => ({ content: [{ type: 'text', text: String(value) }] });
const server = new McpServer({ name: 'office', version: '2.2.0' });

server.registerTool(
  'convert',
  {
    description: 'Converts a table. The converter of a format is loaded when it is first needed.',
    inputSchema: { format: z.enum(['csv', 'json', 'html']), rows: z.number().int().min(1).max(50) },
    annotations: { readOnlyHint },
  },
  async ({ format, rows }) => {
    const { convert } = await converters[format]();
    return answer(convert(Array.from({ length: rows }, (_, row) => [row, row * 2])));
  },
);

server.registerTool(
  'summarise',
  {
    description: 'Summarises a table; a large one makes much garbage for a moment.',
    inputSchema: { rows: z.number().int().min(100).max(6000) },
    annotations: { readOnlyHint },
  },
  async ({ rows }) => {
    const table = Array.from({ length: rows }, (_, row) => ({
      row,
      name: `row ${row}`,
      cells: new Map([[row, 'x']]),
    }));
    await written(1);
    return answer(JSON.stringify(table).length);
  },
);

server.registerTool(
  'query',
  {
    description: 'Asks the database, through a pool of ten connections.',
    inputSchema: { query: z.string().min(1).max(100) },
    annotations: { readOnlyHint },
  },
  async ({ query }) => {
    const connection = await pool.acquire();
    try {
      return answer(await connection.query(query.length));
    } finally {
      pool.release(connection);
    }
  },
);

server.registerTool(
  'remember',
  {
    description: 'Shows the last texts.',
    inputSchema: { text: z.string().min(1).max(100) },
    annotations: { readOnlyHint },
  },
  async ({ text }) => {
    recent.push({ text, words: text.split(' '), at: Date.now() });
    lastCalls.push({ text, marks: Array.from({ length: 30 }, (_, at) => at) });
    if (lastCalls.length > 100) lastCalls.shift();
    return answer([...recent].length);
  },
);

server.registerTool(
  'record_visit',
  {
    description: 'Counts a visit; visits are written fifty at a time.',
    inputSchema: { page: z.string().min(1).max(100) },
    annotations: { readOnlyHint },
  },
  async ({ page }) => {
    batch.push({ page, at: Date.now(), trail: [page, page.length] });
    if (batch.length >= 50) {
      const full = batch;
      batch = [];
      await written(1, full);
    }
    return answer(batch.length);
  },
);

server.registerTool(
  'stamp',
  {
    description: 'Stamps a document.',
    inputSchema: { document: z.string().min(1).max(100) },
    annotations: { readOnlyHint },
  },
  async ({ document }, request) => {
    contexts.set(request, { document, pages: Array.from({ length: 50 }, (_, page) => page) });
    await written(1);
    return answer(contexts.get(request).pages.length);
  },
);

await server.connect(new StdioServerTransport());
