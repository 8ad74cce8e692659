/*
 * The expression without its nested repetition needs no time at all: that is the mending. The thread is for expressions
 * that come from users: whatever they are, they are killed after 200 ms, and nobody else notices.
 */
import { createPolicy, harden } from '@mettle/runtime';
import { offload } from '@mettle/runtime/offload';
import { onShutdown } from '@mettle/runtime/shutdown';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const policy = createPolicy();
const matches = offload(new URL('./matches.js', import.meta.url), { threads: 1, timeoutMs: 200 });

const server = harden(new McpServer({ name: 'library', version: '1.0.0' }), policy);
const text = (said) => ({ content: [{ type: 'text', text: said }] });
server.registerTool(
  'check_title',
  {
    description: 'Says whether a title can be used.',
    inputSchema: {
      title: z
        .string()
        .min(1)
        .max(200)
        .default(`${'report'.repeat(4)}!`),
    },
    annotations: { readOnlyHint: true },
  },
  async ({ title }) => text(/^[\w\s]*$/.test(title) ? 'Fits.' : 'Letters and spaces only.'),
);
server.registerTool(
  'search',
  {
    description: 'Says whether a text matches an expression of the user’s.',
    inputSchema: {
      expression: z.string().max(200).default('^(a+)+$'),
      text: z.string().max(10_000).default('aaaa'),
    },
    annotations: { readOnlyHint: true },
  },
  async (input) => text(String(await matches(input))),
);
onShutdown({ policy, close: [server] });
await server.connect(new StdioServerTransport());
