import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { createLedger } from './ledger.js';

/** Who waits for the answer of which number. */
const waiting = new Map();
const ledger = createLedger(({ id, ...answer }) => {
  waiting.get(id)?.(answer);
  waiting.delete(id);
});
let lastId = 0;
const server = new McpServer({ name: 'bank', version: '4.0.0' });

server.registerTool(
  'balance',
  {
    description: 'The balance of an account.',
    inputSchema: { account: z.string().min(1).max(60) },
    annotations: { readOnlyHint: true },
  },
  async ({ account }) => {
    const { balance } = await ask(account);
    void note(`${account} was asked for`, { account, balance });
    return { content: [{ type: 'text', text: String(balance) }] };
  },
);

function ask(text) {
  return new Promise((resolve) => {
    const id = ++lastId;
    waiting.set(id, resolve);
    ledger.send({ id, kind: 'question', text });
  });
}

/** For the record; tells the operator when it is written. */
async function note(text, entry) {
  const rows = Array.from({ length: 60 }, (_, row) => `${row}: ${text}`);
  await new Promise((resolve) => {
    const id = ++lastId;
    waiting.set(id, resolve); // ailment: pending-promise-leak
    ledger.send({ id, kind: 'note', text: rows.join('\n') });
  });
  if (process.env.BANK_VERBOSE) console.error('noted', entry.account, rows.length);
}

await server.connect(new StdioServerTransport());
