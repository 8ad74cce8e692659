import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/** Some fifty milliseconds of one core. */
const ROUNDS = 50_000;
const derive = promisify(pbkdf2);
const server = new McpServer({ name: 'vault', version: '1.0.0' });

server.registerTool(
  'check_password',
  {
    description: 'Whether a password opens the vault.',
    inputSchema: { password: z.string().min(1).max(80) },
    annotations: { readOnlyHint: true },
  },
  async ({ password }) => {
    const key = await derive(password, 'salt', ROUNDS, 32, 'sha512');
    return { content: [{ type: 'text', text: key[0] === 0 ? 'open' : 'shut' }] };
  },
);

await server.connect(new StdioServerTransport());
