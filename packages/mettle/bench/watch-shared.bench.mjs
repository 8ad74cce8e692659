/*
 * What watching from many processes costs: simulated servers on loopback, processes of one region that share them by Redis,
 * history in Postgres. Prints how late looks began, and the CPU of a look in the processes (that of the databases not).
 * REDIS_URL and POSTGRES_URL name a Redis and a Postgres that nobody else uses: their mettle-watch is left behind.
 *   node bench/watch-shared.bench.mjs [servers=1000] [intervalSeconds=10] [intervals=6] [processes=3]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const { REDIS_URL, POSTGRES_URL } = process.env;
const [servers, intervalS, intervals, processes] = [1000, 10, 6, 3].map((usual, i) =>
  Number(process.argv[i + 2] ?? usual),
);

if (process.send === undefined) {
  if (REDIS_URL === undefined || POSTGRES_URL === undefined)
    console.log('skipped: REDIS_URL and POSTGRES_URL are not set');
  else await measure();
} else if (process.env.ROLE === 'server') serve();
else await probe(Number(process.env.SERVER_PORT));

function serve() {
  const tools = Array.from({ length: 10 }, (_each, i) => ({
    name: `tool-${i}`,
    description: `The tool number ${i} of a simulated server`,
    inputSchema: { type: 'object', properties: { query: { type: 'string' }, limit: { type: 'number' } } },
  }));
  const results = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'simulated', version: '1' },
    },
    'tools/list': { tools },
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      const { id, method } = JSON.parse(text === '' ? '{}' : text);
      if (id === undefined) {
        response.writeHead(202).end();
        return;
      }
      const message = Object.hasOwn(results, method)
        ? { result: results[method] }
        : { error: { code: -32601, message: 'Method not found' } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...message }));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function probe(port) {
  const { Watcher } = await import('../dist/watch/index.js');
  const named = (_each, i) => {
    const url = `http://127.0.0.1:${port}/s/${i}`;
    const spec = { kind: 'http', url, headers: {}, command: null, env: {}, cwd: '/' };
    const name = `s${i}`;
    const rules = {
      failures: 2,
      recoveries: 1,
      latencyBudgetMs: null,
      certificateDays: null,
      call: null,
      inside: null,
    };
    return {
      name,
      spec,
      target: { name, spec },
      intervalMs: intervalS * 1000,
      timeoutMs: 10_000,
      ...rules,
    };
  };
  const watcher = await Watcher.open(
    {
      servers: Array.from({ length: servers }, named),
      retentionDays: 30,
      concurrency: 500,
      jitter: 0,
      page: null,
      channels: [],
      engine: { redis: REDIS_URL, postgres: POSTGRES_URL, region: 'bench', quorum: null },
    },
    (sentence) => console.log(sentence),
  );
  await watcher.start();
  const cpuBefore = process.cpuUsage();
  const looksBefore = watcher.looks;
  process.send('started');
  await once(process, 'message');
  const { user, system } = process.cpuUsage(cpuBefore);
  const { looks, skipped, latenessMs } = watcher;
  process.send({
    looks: looks - looksBefore,
    skipped,
    latenessMs,
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage().rss,
  });
  await watcher.stop();
  process.disconnect();
}

async function measure() {
  const child = (role, port = 0) =>
    fork(new URL(import.meta.url), process.argv.slice(2), {
      env: { ...process.env, ROLE: role, SERVER_PORT: String(port) },
    });
  const server = child('server');
  const [port] = await once(server, 'message');
  const probers = Array.from({ length: processes }, () => child('prober', port));
  await Promise.all(probers.map((each) => once(each, 'message')));
  await new Promise((resolve) => setTimeout(resolve, intervalS * 1000 * intervals));
  const results = await Promise.all(
    probers.map(async (each) => {
      each.send('stop');
      const [result] = await once(each, 'message');
      await once(each, 'exit');
      return result;
    }),
  );
  server.kill();
  const sum = (of) => results.reduce((total, each) => total + of(each), 0);
  const looks = sum((each) => each.looks);
  const late = results.flatMap(({ latenessMs }) => latenessMs).toSorted((a, b) => a - b);
  const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))]?.toFixed(0);
  console.log(
    `looks          ${looks} of ${servers * intervals}, by process ${results.map((each) => each.looks).join(', ')}`,
  );
  console.log(`skipped        ${sum((each) => each.skipped)}`);
  console.log(`lateness       p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
  console.log(`CPU per look   ${(sum((each) => each.cpuMs) / looks).toFixed(2)} ms`);
  console.log(`RSS            ${results.map((each) => (each.rssBytes / 2 ** 20).toFixed(0)).join(', ')} MiB`);
}
