import { execFileSync } from 'node:child_process';
import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { setTimeout as warehouseAnswer } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { passwordRounds } from '../hash-on-main-thread/password-rounds.js';
import { createPool } from '../serialised-by-pool/connection-pool.js';
import { answer, EUR_RATES, orders, stock, tools } from './shop.js';

const ROUNDS = passwordRounds();
const account = {
  salt: 'f3a1c07b',
  hash: pbkdf2Sync('correct horse battery', 'f3a1c07b', ROUNDS, 32, 'sha512'),
};
const pool = createPool(2, 30);
const renderer = fileURLToPath(new URL('render-invoices.js', import.meta.url));

/** One lock for the whole shop: settles when the last reservation is through. */
let lastReservation = Promise.resolve();

const server = new McpServer({ name: 'general-store', version: '1.0.0' });

server.registerTool('login', tools.login, async ({ email, password }) => {
  const hash = pbkdf2Sync(password, account.salt, ROUNDS, 32, 'sha512'); // ailment: hash-on-main-thread
  return answer(timingSafeEqual(hash, account.hash) ? `Welcome, ${email}.` : `Wrong password for ${email}.`);
});

server.registerTool('reserve_stock', tools.reserve_stock, async ({ sku, quantity }) => {
  let release;
  const previous = lastReservation;
  lastReservation = new Promise((resolve) => {
    release = resolve;
  });
  await previous; // ailment: serialised-by-lock
  try {
    const left = (stock.get(sku) ?? 0) - quantity;
    if (left < 0) return answer(`Only ${left + quantity} of ${sku} left.`);
    stock.set(sku, left);
    await warehouseAnswer(30, sku);
    return answer(`Reserved ${quantity} of ${sku}.`);
  } finally {
    release();
  }
});

server.registerTool('search_orders', tools.search_orders, async ({ status, limit }) => {
  const connection = await pool.acquire(); // ailment: serialised-by-pool
  try {
    return answer(
      JSON.stringify(await connection.query(orders.filter((order) => order.status === status).slice(-limit))),
    );
  } finally {
    pool.release(connection);
  }
});

server.registerTool('export_invoices', tools.export_invoices, async ({ month, format }) => {
  const file = execFileSync(process.execPath, [renderer, month, format], { encoding: 'utf8' }); // ailment: sync-child-process
  return answer(`Wrote ${file}.`);
});

server.registerTool('convert_currency', tools.convert_currency, async ({ amount, from, to }) => {
  const converted = (amount / EUR_RATES[from]) * EUR_RATES[to];
  console.log(`converted ${amount} ${from} to ${to}`); // ailment: stdout-pollution
  return answer(`${converted.toFixed(2)} ${to}`);
});

await server.connect(new StdioServerTransport());
