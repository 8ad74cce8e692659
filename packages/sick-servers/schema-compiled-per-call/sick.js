import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { filledIn, formFields } from './tax-form.js';

const server = new McpServer({ name: 'tax-office', version: '2.1.0' });

server.registerTool(
  'check_return',
  {
    description: 'Checks a tax return for missing and impossible entries.',
    inputSchema: { income: z.number().int().min(0).max(900_000) },
    annotations: { readOnlyHint: true },
  },
  async ({ income }) => {
    const form = z.object(formFields()); // ailment: schema-compiled-per-call
    const { success } = form.safeParse(filledIn(income));
    return { content: [{ type: 'text', text: success ? 'Complete.' : 'Something is missing.' }] };
  },
);

await server.connect(new StdioServerTransport());
