import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

const products = new Map(
  Array.from({ length: 500 }, (_, i) => [i, { name: `Teapot no. ${i}`, price: 20 + (i % 30) }]),
);

/** A shop with two quick tools and `export_report`, which answers with what `makeReport` brings. */
export function createShop(makeReport) {
  const server = new McpServer({ name: 'shop-reports', version: '1.0.3' });
  const annotations = { readOnlyHint: true };
  server.registerTool(
    'lookup_product',
    {
      description: 'One product by number.',
      inputSchema: { product: z.number().int().min(0).max(499) },
      annotations,
    },
    async ({ product }) => ({ content: [{ type: 'text', text: JSON.stringify(products.get(product)) }] }),
  );
  server.registerTool(
    'check_price',
    {
      description: 'A product’s price with discount.',
      inputSchema: {
        product: z.number().int().min(0).max(499),
        discount: z.number().min(0).max(0.5).default(0),
      },
      annotations,
    },
    async ({ product, discount }) => {
      const price = products.get(product).price * (1 - discount);
      return { content: [{ type: 'text', text: price.toFixed(2) }] };
    },
  );
  server.registerTool(
    'export_report',
    {
      description: 'A year’s turnover as CSV.',
      inputSchema: { year: z.number().int().min(2020).max(2026), currency: z.enum(['EUR', 'USD', 'GBP']) },
      annotations,
    },
    async ({ year, currency }) => {
      const report = await makeReport(year, currency);
      return { content: [{ type: 'text', text: `${report.lines} lines; best seller ${report.bestSeller}` }] };
    },
  );
  return server;
}
