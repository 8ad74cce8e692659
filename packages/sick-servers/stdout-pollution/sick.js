import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const EUR_RATES = { EUR: 1, USD: 1.09, GBP: 0.84, JPY: 171.3 };
const currency = z.enum(['EUR', 'USD', 'GBP', 'JPY']);

const server = new McpServer({ name: 'rates', version: '1.2.0' });

server.registerTool(
  'convert_currency',
  {
    description: 'Converts an amount at today’s rate.',
    inputSchema: { amount: z.number().min(0.01).max(1_000_000), from: currency, to: currency },
    annotations: { readOnlyHint: true },
  },
  async ({ amount, from, to }) => {
    const converted = (amount / EUR_RATES[from]) * EUR_RATES[to];
    console.log(`converted ${amount} ${from} to ${to}`); // ailment: stdout-pollution
    return { content: [{ type: 'text', text: `${converted.toFixed(2)} ${to}` }] };
  },
);

await server.connect(new StdioServerTransport());
