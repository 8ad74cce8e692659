import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'weather-station', version: '0.4.4' });

const READINGS = 100_000;
/** A day's curve, made up. */
const curve = Int16Array.from({ length: READINGS }, (_, i) => (i * 17) % 30);
const scratch = new Int16Array(READINGS);

server.registerTool(
  'noon_temperature',
  {
    description: 'The temperature at noon of a day.',
    inputSchema: { day: z.number().int().min(1).max(365) },
    annotations: { readOnlyHint: true },
  },
  async function noonTemperature({ day }) {
    scratch.set(curve);
    for (let pass = 0; pass < 6; pass++) {
      for (let i = 0; i < READINGS; i++) scratch[i] += day % 7;
    }
    return { content: [{ type: 'text', text: `Day ${day}: ${scratch[720]} °C` }] };
  },
);

await server.connect(new StdioServerTransport());
