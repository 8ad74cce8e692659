import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { setTimeout as databaseAnswer } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { passwordRounds } from './password-rounds.js';

const ROUNDS = passwordRounds();
const account = {
  salt: 'f3a1c07b',
  hash: pbkdf2Sync('correct horse battery', 'f3a1c07b', ROUNDS, 32, 'sha512'),
};

const server = new McpServer({ name: 'accounts', version: '1.4.0' });

server.registerTool(
  'login',
  {
    description: 'Checks a customer’s password and opens a session.',
    inputSchema: { email: z.email().max(120), password: z.string().min(8).max(64) },
    annotations: { readOnlyHint: true },
  },
  async ({ email, password }) => {
    await databaseAnswer(2, account);
    const hash = pbkdf2Sync(password, account.salt, ROUNDS, 32, 'sha512'); // ailment: hash-on-main-thread
    const granted = timingSafeEqual(hash, account.hash);
    return {
      content: [{ type: 'text', text: granted ? `Welcome, ${email}.` : `Wrong password for ${email}.` }],
    };
  },
);

await server.connect(new StdioServerTransport());
