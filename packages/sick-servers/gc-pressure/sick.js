import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'weather-station', version: '0.4.4' });

const READINGS = 100_000;
/** A day's curve, made up. */
const curve = Array.from({ length: READINGS }, (_, i) => ({
  celsius: (i * 17) % 30,
  at: { minute: i, sensor: { id: i % 12 } },
}));

server.registerTool(
  'noon_temperature',
  {
    description: 'The temperature at noon of a day.',
    inputSchema: { day: z.number().int().min(1).max(365) },
    annotations: { readOnlyHint: true },
  },
  async function noonTemperature({ day }) {
    // ailment: gc-pressure
    const curves = [curve];
    for (let pass = 0; pass < 6; pass++) {
      const warmer = [];
      for (const { celsius, at } of curves[pass]) {
        warmer.push({
          celsius: celsius + (day % 7),
          at: { minute: at.minute, sensor: { id: at.sensor.id } },
        });
      }
      curves.push(warmer);
    }
    return { content: [{ type: 'text', text: `Day ${day}: ${curves.at(-1)[720].celsius} °C` }] };
  },
);

await server.connect(new StdioServerTransport());
