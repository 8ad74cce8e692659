import { createServer } from 'node:http';
import { once } from 'node:events';

/** A service on this machine that tells prices; its address. */
export async function startPriceService() {
  const service = createServer((_request, response) => response.end('42'));
  service.listen(0, '127.0.0.1').unref();
  await once(service, 'listening');
  return `http://127.0.0.1:${service.address().port}/`;
}
