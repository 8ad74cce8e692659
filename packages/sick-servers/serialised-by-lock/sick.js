import { setTimeout as warehouseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const stock = new Map([
  ['teapot', 4_000_000],
  ['kettle', 2_500_000],
  ['mug', 9_000_000],
]);

/** One lock for the whole shop: settles when the last reservation is through. */
let lastReservation = Promise.resolve();

const server = new McpServer({ name: 'warehouse', version: '2.1.0' });

server.registerTool(
  'reserve_stock',
  {
    description: 'Sets items aside for an order.',
    inputSchema: { sku: z.enum(['teapot', 'kettle', 'mug']), quantity: z.number().int().min(1).max(5) },
    annotations: { readOnlyHint: true },
  },
  async ({ sku, quantity }) => {
    let release;
    const previous = lastReservation;
    lastReservation = new Promise((resolve) => {
      release = resolve;
    });
    await previous; // ailment: serialised-by-lock
    try {
      const left = (stock.get(sku) ?? 0) - quantity;
      if (left < 0) return { content: [{ type: 'text', text: `Only ${left + quantity} of ${sku} left.` }] };
      stock.set(sku, left);
      await warehouseAnswer(30, sku);
      return { content: [{ type: 'text', text: `Reserved ${quantity} of ${sku}.` }] };
    } finally {
      release();
    }
  },
);

await server.connect(new StdioServerTransport());
