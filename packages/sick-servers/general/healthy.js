import { execFile as execFileWithCallback } from 'node:child_process';
import { pbkdf2 as pbkdf2WithCallback, timingSafeEqual } from 'node:crypto';
import { setTimeout as warehouseAnswer } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { passwordRounds } from '../hash-on-main-thread/password-rounds.js';
import { createPool } from '../serialised-by-pool/connection-pool.js';
import { answer, EUR_RATES, orders, stock, tools } from './shop.js';

const execFile = promisify(execFileWithCallback);
const pbkdf2 = promisify(pbkdf2WithCallback);

const ROUNDS = passwordRounds();
const account = {
  salt: 'f3a1c07b',
  hash: await pbkdf2('correct horse battery', 'f3a1c07b', ROUNDS, 32, 'sha512'),
};
const pool = createPool(32, 30);
const renderer = fileURLToPath(new URL('render-invoices.js', import.meta.url));

const server = new McpServer({ name: 'general-store', version: '1.0.0' });

server.registerTool('login', tools.login, async ({ email, password }) => {
  const hash = await pbkdf2(password, account.salt, ROUNDS, 32, 'sha512');
  return answer(timingSafeEqual(hash, account.hash) ? `Welcome, ${email}.` : `Wrong password for ${email}.`);
});

server.registerTool('reserve_stock', tools.reserve_stock, async ({ sku, quantity }) => {
  // Checked and taken in one go, with no await between: no lock is needed, and the wait below holds up nobody.
  const left = (stock.get(sku) ?? 0) - quantity;
  if (left < 0) return answer(`Only ${left + quantity} of ${sku} left.`);
  stock.set(sku, left);
  await warehouseAnswer(30, sku);
  return answer(`Reserved ${quantity} of ${sku}.`);
});

server.registerTool('search_orders', tools.search_orders, async ({ status, limit }) => {
  const connection = await pool.acquire();
  try {
    return answer(
      JSON.stringify(await connection.query(orders.filter((order) => order.status === status).slice(-limit))),
    );
  } finally {
    pool.release(connection);
  }
});

server.registerTool('export_invoices', tools.export_invoices, async ({ month, format }) => {
  const { stdout: file } = await execFile(process.execPath, [renderer, month, format]);
  return answer(`Wrote ${file}.`);
});

server.registerTool('convert_currency', tools.convert_currency, async ({ amount, from, to }) => {
  const converted = (amount / EUR_RATES[from]) * EUR_RATES[to];
  console.error(`converted ${amount} ${from} to ${to}`);
  return answer(`${converted.toFixed(2)} ${to}`);
});

await server.connect(new StdioServerTransport());
