/*
 * What watching from many processes costs: simulated servers on loopback, processes of one region that share them by Redis,
 * history in Postgres. After an interval to warm up it prints how late looks began, what was due and not looked at, and the CPU
 * of a look in the processes, in Redis and in Postgres. It starts a Redis and a Postgres of its own and removes them; or uses those
 * that REDIS_URL and POSTGRES_URL name, which nobody else should use meanwhile: their mettle-watch is left behind.
 *   node bench/watch-shared.bench.mjs [servers=1000] [intervalSeconds=10] [intervals=6] [processes=3]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [servers, intervalS, intervals, processes] = [1000, 10, 6, 3].map((usual, i) =>
  Number(process.argv[i + 2] ?? usual),
);

if (process.send === undefined) await withDatabases(measure);
else if (process.env.ROLE === 'server') serve();
else await probe(Number(process.env.SERVER_PORT));

/** Those that are named, or some of our own. */
async function withDatabases(action) {
  const { REDIS_URL, POSTGRES_URL } = process.env;
  if (REDIS_URL !== undefined && POSTGRES_URL !== undefined)
    return action({ redisUrl: REDIS_URL, postgresUrl: POSTGRES_URL });
  const { startRedis, whyNot } = await import('../../runtime/test/cluster/redis.js');
  const { startPostgres, noPostgres } = await import('../test/watch/engine/postgres.mjs');
  if (whyNot !== undefined || noPostgres !== null)
    return console.log(`skipped: ${[whyNot ?? [], noPostgres ?? []].flat().join('; ')}`);
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  try {
    await action({ redisUrl: redis.url, postgresUrl: await postgres.database() });
  } finally {
    await Promise.all([redis.remove(), postgres.remove()]);
  }
}

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
  const { REDIS_URL: redis, POSTGRES_URL: postgres } = process.env;
  const watcher = await Watcher.open(
    {
      servers: Array.from({ length: servers }, (_each, i) => serverCalled(`s${i}`, port)),
      retentionDays: 30,
      concurrency: 500,
      jitter: 0,
      page: null,
      channels: [],
      engine: { redis, postgres, region: 'bench', quorum: null },
    },
    (sentence) => console.log(sentence),
  );
  let faults = 0;
  watcher.listen(({ outcome }) => (faults += outcome.status === 'up' ? 0 : 1));
  await watcher.start();
  process.send('started');
  await once(process, 'message');
  const began = { ms: Date.now(), cpu: process.cpuUsage(), looks: watcher.looks };
  const [{ isReader }] = await once(process, 'message');
  const { user, system } = process.cpuUsage(began.cpu);
  const looks = watcher.looks - began.looks;
  const result = {
    looks,
    faults,
    latenessMs: looks === 0 ? [] : watcher.latenessMs.slice(-looks),
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage().rss,
  };
  // Each knows of all; one is enough, and it reads what is much only now.
  process.send({ ...result, missed: isReader ? await missedSince(watcher, began.ms) : null });
  await watcher.stop();
  process.disconnect();
}

/** Slots by reason. */
async function missedSince(watcher, sinceMs) {
  const missed = {};
  const parts = await watcher.history
    .standings()
    .then((standings) => watcher.missed(sinceMs, standings))
    .catch(() => null);
  if (parts === null) return 'not known: Postgres did not answer';
  for (const { reasons } of parts.values())
    for (const [reason, slots] of Object.entries(reasons)) missed[reason] = (missed[reason] ?? 0) + slots;
  return missed;
}

function serverCalled(name, port) {
  const url = `http://127.0.0.1:${port}/${name}`;
  const spec = { kind: 'http', url, headers: {}, command: null, env: {}, cwd: '/' };
  return {
    name,
    spec,
    target: { name, spec },
    intervalMs: intervalS * 1000,
    timeoutMs: 10_000,
    failures: 2,
    recoveries: 1,
    latencyBudgetMs: null,
    certificateDays: null,
    call: null,
    inside: null,
  };
}

async function measure({ redisUrl, postgresUrl }) {
  const child = (role, port = 0) =>
    fork(new URL(import.meta.url), process.argv.slice(2), {
      env: {
        ...process.env,
        ROLE: role,
        SERVER_PORT: String(port),
        REDIS_URL: redisUrl,
        POSTGRES_URL: postgresUrl,
      },
    });
  const server = child('server');
  const [port] = await once(server, 'message');
  const probers = [];
  for (let i = 0; i < processes; i += 1) {
    // One after the other: the first writes the job schedulers, the others find them.
    const prober = child('prober', port);
    await once(prober, 'message');
    probers.push(prober);
  }
  const databases = await processesOf(redisUrl, postgresUrl);
  await pause(intervalS * 1000);
  const before = databases.map(cpuMsOf);
  for (const each of probers) each.send('begin');
  await pause(intervalS * 1000 * intervals);
  const [redisMs, postgresMs] = databases.map((each, i) => cpuMsOf(each) - before[i]);
  const results = await Promise.all(
    probers.map(async (each, i) => {
      each.send({ isReader: i === 0 });
      const [result] = await once(each, 'message');
      await once(each, 'exit');
      return result;
    }),
  );
  server.kill();
  print(results, { redisMs, postgresMs });
}

function print(results, { redisMs, postgresMs }) {
  const sum = (of) => results.reduce((total, each) => total + of(each), 0);
  const looks = sum((each) => each.looks);
  const late = results.flatMap(({ latenessMs }) => latenessMs).toSorted((a, b) => a - b);
  const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))]?.toFixed(0);
  const perLook = (ms) => `${(ms / looks).toFixed(2)} ms`;
  const cpuMs = sum((each) => each.cpuMs);
  console.log(
    `looks          ${looks} of ${servers * intervals}, by process ${results.map((each) => each.looks).join(', ')}; not up ${sum((each) => each.faults)}`,
  );
  console.log(`missed         ${JSON.stringify(results[0].missed)}`);
  console.log(`lateness       p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
  console.log(
    `CPU per look   ${perLook(cpuMs)} in the processes, ${perLook(redisMs)} in Redis, ${perLook(postgresMs)} in Postgres`,
  );
  console.log(`RSS            ${results.map((each) => (each.rssBytes / 2 ** 20).toFixed(0)).join(', ')} MiB`);
}

/** The processes of Redis and of Postgres, when they run on this machine. */
async function processesOf(redisUrl, postgresUrl) {
  const [{ Redis }, { query }] = await Promise.all([
    import('ioredis'),
    import('../test/watch/engine/postgres.mjs'),
  ]);
  const redis = new Redis(redisUrl);
  const pid = /process_id:(\d+)/.exec(await redis.info('server'))?.[1];
  redis.disconnect();
  // That of a prober: it stays.
  const [backend] = await query(
    postgresUrl,
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'mettle watch'",
  );
  return [Number(pid), Number(statOf(backend?.pid)?.[1])];
}

/** Fields of /proc after the name, which may hold spaces; null where there is no such process. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  } catch {
    return null;
  }
}

/** CPU time of a process and its children, those that have ended included; a tick is 10 ms. */
function cpuMsOf(pid) {
  const own = statOf(pid);
  if (own === null) return Number.NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat !== null && Number(stat[1]) === pid);
  const ended = Number(own[13]) + Number(own[14]);
  return 10 * [own, ...children].reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), ended);
}

function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
