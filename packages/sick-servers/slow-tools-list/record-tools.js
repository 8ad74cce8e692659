import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

const RECORD_TYPES = `
  account activity asset campaign case contact contract delivery discount dispute
  event invoice lead meeting message note offer opportunity order partner
  payment product project quote refund renewal return subscription task ticket`
  .trim()
  .split(/\s+/);
const ACTIONS = ['create', 'update', 'merge', 'archive'];

function address(of) {
  return z.object({
    street: z.string().min(1).max(120).describe(`Street of the ${of}`),
    house: z.string().max(12).describe(`House number of the ${of}`),
    city: z.string().min(1).max(80).describe(`City of the ${of}`),
    postcode: z.string().max(12).describe(`Postcode of the ${of}`),
    country: z.enum(['AT', 'CH', 'DE', 'DK', 'ES', 'FR', 'GB', 'IT', 'NL', 'SE', 'US']),
    geo: z
      .object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
      .optional(),
  });
}

function person(of) {
  return z.object({
    name: z.string().min(1).max(120).describe(`Name of the ${of}`),
    email: z.email().describe(`Where the ${of} is reached`),
    phone: z.string().max(30).optional(),
    role: z.enum(['owner', 'buyer', 'seller', 'agent', 'other']).default('other'),
    home: address(`${of}’s home`),
  });
}

/** What one of the customer system's tools takes: every field that the record may have. */
function recordSchema(record) {
  const line = z.object({
    text: z.string().max(200),
    quantity: z.number().int().min(1).max(999),
    price: z.number().min(0).describe('Net, in the currency of the record'),
    taxRate: z.union([z.literal(0), z.literal(7), z.literal(19)]).default(19),
  });
  return z.object({
    id: z.string().min(1).max(40).describe(`Number of the ${record}`),
    title: z.string().min(1).max(200).describe(`What the ${record} is about`),
    currency: z.enum(['EUR', 'USD', 'GBP', 'CHF', 'SEK', 'DKK']).default('EUR'),
    stage: z.enum(['new', 'open', 'won', 'lost', 'paused']).optional(),
    owner: person('owner'),
    customer: person('customer'),
    invoiceTo: address('invoice'),
    deliverTo: address('delivery').optional(),
    lines: z.array(line).max(100),
    tags: z.array(z.string().max(30)).max(20).optional(),
    history: z
      .array(z.object({ at: z.string().max(30), by: person('editor'), note: z.string().max(500) }))
      .optional(),
    custom: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  });
}

/** The customer system's 120 tools that change records, and one that only reads. */
export function recordTools() {
  const changing = RECORD_TYPES.flatMap((record) =>
    ACTIONS.map((action) => ({
      name: `${action}_${record}`,
      description: `${action} one ${record} of the customer system`,
      schema: recordSchema(record),
      annotations: { readOnlyHint: false },
      answer: () => `${action} ${record}: done`,
    })),
  );
  const reading = {
    name: 'list_record_types',
    description: 'The kinds of record that the customer system keeps.',
    schema: z.object({}),
    annotations: { readOnlyHint: true },
    answer: () => RECORD_TYPES.join(', '),
  };
  return [...changing, reading];
}

/** The customer system's server with those tools registered. */
export function createRecordsServer(tools) {
  const server = new McpServer({ name: 'customer-records', version: '5.2.0' });
  for (const { name, description, schema, annotations, answer } of tools) {
    server.registerTool(name, { description, inputSchema: schema, annotations }, async () => ({
      content: [{ type: 'text', text: answer() }],
    }));
  }
  return server;
}
