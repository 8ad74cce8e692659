import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { Station } from './station.js';

const station = new Station();
const server = new McpServer({ name: 'weather', version: '1.4.0' });

server.registerTool(
  'current_weather',
  {
    description: 'The weather at a place now, and in the hours before.',
    inputSchema: { place: z.string().min(1).max(60) },
    annotations: { readOnlyHint: true },
  },
  async ({ place }) => {
    const reading = await readingOf(place);
    return { content: [{ type: 'text', text: `${reading.celsius} °C in ${place}` }] };
  },
);

/** The answer among all the readings that the station tells. */
function readingOf(place) {
  return new Promise((resolve) => {
    const request = station.ask(place);
    const seen = [];
    const onReading = (reading) => {
      if (reading.request !== request) return;
      seen.push(...reading.hourly);
      resolve({ ...reading, seen });
    };
    station.on('reading', onReading); // ailment: listener-leak
  });
}

await server.connect(new StdioServerTransport());
