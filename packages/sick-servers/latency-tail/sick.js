import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { buildReport } from './report.js';
import { createShop } from './shop.js';

const server = createShop(async (year, currency) => {
  const report = buildReport(year, currency); // ailment: latency-tail
  return report;
});

await server.connect(new StdioServerTransport());
