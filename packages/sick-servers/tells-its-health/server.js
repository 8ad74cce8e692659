import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createPolicy, harden } from '@mettle/runtime';
import { serveMetrics } from '@mettle/runtime/metrics';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const policy = createPolicy({ health: true, limits: { report: 2 }, queueTimeoutMs: 300_000 });

const handler = createMcpHandler(() => {
  const server = harden(new McpServer({ name: 'tells-its-health', version: '1.0.0' }), policy);
  server.registerTool(
    'report',
    {
      description: 'Writes a report, two at a time.',
      inputSchema: z.object({ waitMs: z.number().min(0).max(300_000) }),
      annotations: { readOnlyHint: true },
    },
    async ({ waitMs }, { mcpReq }) => {
      await wait(waitMs, undefined, { signal: mcpReq.signal });
      return { content: [{ type: 'text', text: 'written' }] };
    },
  );
  return server;
});

const server = createServer(toNodeHandler(handler)).listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
const metrics = serveMetrics(policy, { port: Number(process.env.METRICS_PORT ?? 9464) });
await Promise.all([once(server, 'listening'), once(metrics, 'listening')]);
console.log(JSON.stringify({ port: server.address().port, metricsPort: metrics.address().port }));
