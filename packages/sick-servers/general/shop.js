import { z } from 'zod';

export const EUR_RATES = { EUR: 1, USD: 1.09, GBP: 0.84, JPY: 171.3 };
export const orders = Array.from({ length: 200 }, (_, i) => ({
  id: `A-${1000 + i}`,
  status: i % 3 === 0 ? 'open' : 'shipped',
}));
export const stock = new Map([
  ['teapot', 4_000_000],
  ['kettle', 2_500_000],
  ['mug', 9_000_000],
]);

const currency = z.enum(['EUR', 'USD', 'GBP', 'JPY']);
const annotations = { readOnlyHint: true };

/** What the shop's five tools are called and what they take; sick and healthy shop differ only in what they do. */
export const tools = {
  login: {
    description: 'Checks a customer’s password and opens a session.',
    inputSchema: { email: z.email().max(120), password: z.string().min(8).max(64) },
    annotations,
  },
  reserve_stock: {
    description: 'Sets items aside for an order.',
    inputSchema: { sku: z.enum(['teapot', 'kettle', 'mug']), quantity: z.number().int().min(1).max(5) },
    annotations,
  },
  search_orders: {
    description: 'Finds orders by status, newest first.',
    inputSchema: { status: z.enum(['open', 'shipped']), limit: z.number().int().min(1).max(50).default(10) },
    annotations,
  },
  export_invoices: {
    description: 'Renders a month’s invoices into one file.',
    inputSchema: {
      month: z.enum(['2026-08', '2026-09', '2026-10']),
      format: z.enum(['pdf', 'html']).default('pdf'),
    },
    annotations,
  },
  convert_currency: {
    description: 'Converts an amount at today’s rate.',
    inputSchema: { amount: z.number().min(0.01).max(1_000_000), from: currency, to: currency },
    annotations,
  },
};

/** A tool's answer. */
export function answer(text) {
  return { content: [{ type: 'text', text }] };
}
