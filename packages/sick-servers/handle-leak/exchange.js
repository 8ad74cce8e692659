import { createServer } from 'node:net';
import { once } from 'node:events';

/** The exchange that rates are asked of: answers each line with a figure and keeps the line open. */
export async function openExchange() {
  const exchange = createServer((socket) => {
    socket.on('data', (line) => socket.write(`${line.length * 3}\n`));
    socket.on('error', () => socket.destroy());
  });
  exchange.listen(0, '127.0.0.1');
  await once(exchange, 'listening');
  exchange.unref();
  return exchange.address().port;
}
