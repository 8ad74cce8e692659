import { setTimeout as rendered } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** Large drawings may take long; none takes an hour. */
const GIVE_UP_MS = 3_600_000;
const server = new McpServer({ name: 'drawing-office', version: '1.2.3' });

server.registerTool(
  'render_drawing',
  {
    description: 'Renders a drawing and says how large it is.',
    inputSchema: { drawing: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ drawing }) => {
    const layers = Array.from({ length: 60 }, (_, layer) => ({ layer, name: `${drawing}/${layer}` }));
    const size = await withinTime(render(layers), layers);
    return { content: [{ type: 'text', text: `${size} layers` }] };
  },
);

async function render(layers) {
  await rendered(2);
  return layers.length;
}

/** The work's answer, or an error that says what was being done when the time was up. */
async function withinTime(work, layers) {
  let timer;
  const late = new Promise((_, reject) => {
    const giveUp = () => reject(new Error(`gave up after ${layers.length} layers`));
    timer = setTimeout(giveUp, GIVE_UP_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

await server.connect(new StdioServerTransport());
