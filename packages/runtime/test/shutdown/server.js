/* A stdio or HTTP server whose tools the test drives; run by shutdown.test.ts. */
import { createServer } from 'node:http';
import { createPolicy, harden } from '@mettle/runtime';
import { createPool } from '@mettle/runtime/offload';
import { onShutdown } from '@mettle/runtime/shutdown';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const [mode, deadlineMs] = process.argv.slice(2);
const policy = createPolicy();
const server = harden(new McpServer({ name: 'test', version: '1' }), policy);
const work = createPool(new URL('../offload/modules/work.js', import.meta.url), { threads: 1 });
const text = (said) => ({ content: [{ type: 'text', text: String(said) }] });

server.registerTool('slow', {}, async () => {
  process.stderr.write('started\n');
  return text(await work.task('busy')(300));
});
server.registerTool('never', {}, async () => {
  process.stderr.write('started\n');
  return new Promise(() => {});
});

if (mode === 'http') {
  const http = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1', () => {
    process.stderr.write(`listening ${http.address().port}\n`);
  });
  onShutdown({ http, policy, deadlineMs: Number(deadlineMs) });
} else {
  const failing = mode === 'failing' ? [() => Promise.reject(new Error('database gone'))] : [];
  onShutdown({ policy, close: [...failing, server], deadlineMs: Number(deadlineMs) });
  await server.connect(new StdioServerTransport());
  process.stderr.write('listening\n');
}
