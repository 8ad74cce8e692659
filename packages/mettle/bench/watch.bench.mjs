/*
 * What watching costs: simulated servers on loopback in a process of their own, one watcher, every look with its
 * handshake, listing and DELETE. Prints how late looks began, CPU per look, memory at each fifth, and false alarms.
 *   node bench/watch.bench.mjs [servers=10000] [intervalSeconds=60] [intervals=3] [tools=20]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [servers, intervalS, intervals, toolCount] = [10_000, 60, 3, 20].map((usual, i) =>
  Number(process.argv[i + 2] ?? usual),
);

if (process.send === undefined) await watch();
else serve();

/** The simulated servers: one port, a path each; sessions counted. */
function serve() {
  let sessions = 0;
  // About half a KiB each, as those of published servers are.
  const tools = Array.from({ length: toolCount }, (_each, i) => ({
    name: `search_documents_${i}`,
    title: 'Search documents',
    description: `Searches collection ${i} of documents and gives the passages nearest in meaning, with where each was found.`,
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What to look for, in plain words', minLength: 1 },
        limit: {
          type: 'integer',
          description: 'How many passages at most',
          minimum: 1,
          maximum: 100,
          default: 10,
        },
      },
      required: ['query'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  }));
  const server = createServer((request, response) => {
    if (request.method === 'DELETE') {
      sessions -= 1;
      response.end();
      return;
    }
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      const { id, method } = JSON.parse(text);
      const reply = (message) =>
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id, ...message }));
      if (method === 'initialize') {
        sessions += 1;
        response.setHeader('mcp-session-id', String(Math.random()));
        reply({
          result: {
            protocolVersion: '2025-11-25',
            capabilities: { tools: {} },
            serverInfo: { name: 'simulated', version: '1' },
          },
        });
      } else if (method === 'tools/list') reply({ result: { tools } });
      else if (id === undefined) response.writeHead(202).end();
      else reply({ error: { code: -32601, message: 'Method not found' } });
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('message', () => process.send({ sessions }));
  process.once('disconnect', () => process.exit());
}

async function watch() {
  const { Watcher } = await import('../dist/watch/index.js');
  const child = fork(new URL(import.meta.url), process.argv.slice(2));
  const [port] = await once(child, 'message');
  const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-'));
  const store = join(folder, 'watch.db');
  const config = {
    servers: Array.from({ length: servers }, (_each, i) => {
      const spec = {
        kind: 'http',
        url: `http://127.0.0.1:${port}/s/${i}`,
        headers: {},
        command: null,
        env: {},
        cwd: '/',
      };
      return {
        name: `s${i}`,
        spec,
        target: { name: `s${i}`, spec },
        intervalMs: intervalS * 1000,
        timeoutMs: 10_000,
        call: null,
        failures: 2,
        recoveries: 1,
        latencyBudgetMs: null,
        certificateDays: null,
        inside: { health: 'find', metricsUrl: null },
      };
    }),
    store,
    retentionDays: 30,
    concurrency: 500,
    jitter: 0.1,
    page: null,
    channels: [],
    engine: null,
  };
  const watcher = await Watcher.open(config, (sentence) => console.log(sentence));
  const failed = new Map();
  watcher.listen(({ outcome }) => {
    if (outcome.status !== 'up') failed.set(outcome.sentence, (failed.get(outcome.sentence) ?? 0) + 1);
  });
  const cpuBefore = process.cpuUsage();
  await watcher.start();
  for (let fifth = 1; fifth <= 5; fifth += 1) {
    await new Promise((resolve) => setTimeout(resolve, (intervalS * 1000 * intervals) / 5));
    const { rss, heapUsed } = process.memoryUsage();
    console.log(`${fifth}/5: ${watcher.looks} looks, RSS ${mib(rss)}, heap ${mib(heapUsed)}`);
  }
  const cpu = process.cpuUsage(cpuBefore);
  const late = watcher.latenessMs.toSorted((a, b) => a - b);
  const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))]?.toFixed(0);
  const { looks } = watcher;
  const wanted = servers * intervals;
  await watcher.stop();
  child.send('sessions');
  const [{ sessions }] = await once(child, 'message');
  child.kill();
  const cpuMs = (cpu.user + cpu.system) / 1000;
  console.log(`looks          ${looks} of ${wanted} (${((looks / wanted) * 100).toFixed(1)} %)`);
  console.log(`lateness       p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
  console.log(
    `CPU per look   ${(cpuMs / looks).toFixed(2)} ms (${((cpuMs / (intervalS * intervals * 1000)) * 100).toFixed(0)} % of a core)`,
  );
  console.log(
    `false alarms   ${[...failed].map(([sentence, count]) => `${count} × ${sentence}`).join('; ') || 'none'}`,
  );
  console.log(`sessions left  ${sessions}`);
  console.log(`store          ${mib(statSync(store).size)}`);
  rmSync(folder, { recursive: true });
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
