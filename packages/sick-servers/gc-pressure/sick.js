import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'weather-station', version: '0.4.4' });

const READINGS = 600_000;

/** What a sensor read: a made-up curve. */
function temperature(day, reading) {
  return ((day * 31 + reading * 17) % 60) - 15;
}

server.registerTool(
  'noon_temperature',
  {
    description: 'The temperature at noon of a day.',
    inputSchema: { day: z.number().int().min(1).max(365) },
    annotations: { readOnlyHint: true },
  },
  async function noonTemperature({ day }) {
    // ailment: gc-pressure
    const readings = [];
    for (let i = 0; i < READINGS; i++) {
      readings.push({ at: i, celsius: () => temperature(day, i) });
    }
    const noon = readings[READINGS / 2].celsius();
    return { content: [{ type: 'text', text: `Day ${day}: ${noon} °C` }] };
  },
);

await server.connect(new StdioServerTransport());
