/* Ranking runs on worker threads: cancelled with its call, killed at its deadline, in order behind a bounded queue. */
import { createPolicy, harden } from '@mettle/runtime';
import { offload } from '@mettle/runtime/offload';
import { onShutdown } from '@mettle/runtime/shutdown';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const policy = createPolicy();
const rank = offload(new URL('./rank.js', import.meta.url), { threads: 2, maxQueued: 64 });

const server = harden(new McpServer({ name: 'recommendations', version: '1.0.0' }), policy);
server.registerTool(
  'recommend',
  {
    description: 'Ranks the catalogue for one customer.',
    inputSchema: { customer: z.string().min(1).max(40), limit: z.number().int().min(1).max(20).default(5) },
    annotations: { readOnlyHint: true },
  },
  async (input) => ({ content: [{ type: 'text', text: JSON.stringify(await rank(input)) }] }),
);
onShutdown({ policy, close: [server] });
await server.connect(new StdioServerTransport());
