import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createWorkerPool } from '../worker-pool.js';
import { createShop } from './shop.js';

const workers = createWorkerPool(new URL('worker.js', import.meta.url));
const server = createShop((year, currency) => workers.run({ year, currency }));

await server.connect(new StdioServerTransport());
