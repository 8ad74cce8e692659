import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { startPriceService } from './price-service.js';

const prices = await startPriceService();
const server = new McpServer({ name: 'prices', version: '1.0.0' });

server.registerTool(
  'price',
  { description: 'What it costs today.', annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: await ask(prices) }] }),
);

function ask(url) {
  return new Promise((resolve, reject) => {
    const agent = new Agent();
    const request = get(url, { agent }, (response) => resolve(text(response))); // ailment: unbounded-connections
    request.on('error', reject);
  });
}

await server.connect(new StdioServerTransport());
