/*
 * harden() against the last release of every minor of both SDK generations, as published, ESM and CommonJS:
 *
 *   node packages/runtime/test/contract/run.mjs
 *
 * It reaches into the SDKs, which promise nothing there: this is how we learn when one changes. Installs into .cache.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createPolicy, harden } from '@mettle/runtime';

const FIRST = { '@modelcontextprotocol/sdk': [1, 18], '@modelcontextprotocol/server': [2, 0] };
const folder = fileURLToPath(new URL('../../../../.cache/sdk-contract', import.meta.url));
const npm = (words, cwd) =>
  execFileSync('npm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

const releases = Object.entries(FIRST).flatMap(([name, first]) => lastOfMinors(name, first));
install(releases);
const require = createRequire(join(folder, 'package.json'));
const { load: importThere } = await import(pathToFileURL(join(folder, 'load.mjs')).href);
let failures = 0;
for (const release of releases) {
  for (const format of ['esm', 'cjs']) {
    const lines = await examine(release, format);
    const failed = lines.filter((line) => line !== 'ok');
    failures += failed.length;
    console.log(
      `${failed.length === 0 ? '✓' : '✗'} ${release.name} ${release.version} ${format}${failed.map((line) => `\n    ${line}`).join('')}`,
    );
  }
}
console.log(failures === 0 ? `harden() holds on all ${releases.length} releases` : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);

function lastOfMinors(name, [major, minor]) {
  const versions = JSON.parse(npm(['view', name, 'versions', '--json'], process.cwd()));
  const last = new Map();
  for (const version of versions) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) continue;
    const [a, b, c] = version.split('.').map(Number);
    if (a !== major || b < minor) continue;
    if (c >= (last.get(b)?.patch ?? -1))
      last.set(b, { name, version, alias: `sdk-${a}.${b}`, generation: a, patch: c });
  }
  return [...last.values()];
}

function install(all) {
  mkdirSync(folder, { recursive: true });
  const dependencies = Object.fromEntries(
    all.map(({ name, version, alias }) => [alias, `npm:${name}@${version}`]),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { ...dependencies, zod: '^4' } }),
  );
  // What is imported is looked for from the place of the module that asks for it.
  writeFileSync(join(folder, 'load.mjs'), 'export const load = (specifier) => import(specifier);\n');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'], folder);
}

/** Loads an entry of a release in a module format. */
async function load({ alias }, entry, format) {
  const specifier = entry === '' ? alias : `${alias}/${entry}`;
  return format === 'cjs' ? require(specifier) : importThere(specifier);
}

async function examine(release, format) {
  const modern = release.generation === 2;
  const { McpServer, InMemoryTransport, Server } = modern
    ? await load(release, '', format)
    : {
        ...(await load(release, 'server/mcp.js', format)),
        ...(await load(release, 'server/index.js', format)),
        ...(await load(release, 'inMemory.js', format)),
      };
  const types = modern ? undefined : await load(release, 'types.js', format);
  const info = { name: 'contract', version: '1' };
  const ways = {
    'McpServer, tools before': (policy, tool) => {
      const server = new McpServer(info);
      server.registerTool('work', { description: 'work' }, tool);
      return harden(server, policy);
    },
    'McpServer, tools after': (policy, tool) => {
      const server = harden(new McpServer(info), policy);
      server.registerTool('work', { description: 'work' }, tool);
      return server;
    },
    Server: (policy, tool) => {
      const server = harden(new Server(info, { capabilities: { tools: {} } }), policy);
      server.setRequestHandler(modern ? 'tools/call' : types.CallToolRequestSchema, (_request, context) =>
        tool(context),
      );
      return server;
    },
  };
  const lines = [];
  for (const [way, make] of Object.entries(ways)) {
    for (const check of [bounded, cancels]) {
      lines.push(
        await check(make, InMemoryTransport).catch((error) => `${way}: ${check.name}: ${error.message}`),
      );
    }
  }
  return lines;
}

/** Eight calls at once, two may run, two may wait: four are answered, four refused, and ping is answered meanwhile. */
async function bounded(make, InMemoryTransport) {
  const policy = createPolicy({ limits: { work: 2 }, maxQueued: 2 });
  const held = later();
  const peer = await connect(
    make(policy, async () => (await held.promise, answer('done'))),
    InMemoryTransport,
  );
  const calls = Array.from({ length: 8 }, () => peer('tools/call', { name: 'work', arguments: {} }));
  while (policy.counts.refusedFull < 4) await soon();
  const ping = await peer('ping', {});
  if (ping.result === undefined) throw new Error('ping was not answered');
  held.resolve();
  const texts = (await Promise.all(calls)).map(({ result }) => result?.content?.[0]?.text ?? 'nothing');
  const [done, refused] = [
    texts.filter((text) => text === 'done'),
    texts.filter((text) => text.startsWith('Server overloaded')),
  ];
  if (done.length !== 4 || refused.length !== 4) throw new Error(`answers were ${texts.join(', ')}`);
  if (policy.running !== 0 || policy.queued !== 0) throw new Error('places were lost');
  return 'ok';
}

/** A cancelled call's signal aborts, and its place is free. */
async function cancels(make, InMemoryTransport) {
  const policy = createPolicy({ limits: { work: 1 } });
  const started = later();
  const tool = (context) =>
    new Promise((resolve) => {
      (context.mcpReq ?? context).signal.addEventListener('abort', () => resolve(answer('stopped')));
      started.resolve();
    });
  const peer = await connect(make(policy, tool), InMemoryTransport);
  peer('tools/call', { name: 'work', arguments: {} }).catch(() => undefined);
  await started.promise;
  peer.notify('notifications/cancelled', { requestId: peer.lastId() });
  while (policy.running > 0) await soon();
  return 'ok';
}

async function connect(server, InMemoryTransport) {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const waiting = new Map();
  let id = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
  ours.onmessage = (message) => waiting.get(message.id)?.(message);
  await ours.start();
  await server.connect(theirs);
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, resolve);
      setTimeout(() => reject(new Error(`${method} was not answered`)), 10_000).unref();
      void ours.send({ jsonrpc: '2.0', id, method, params });
    });
  request.notify = (method, params) => void ours.send({ jsonrpc: '2.0', method, params });
  request.lastId = () => id;
  await request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'contract', version: '1' },
  });
  request.notify('notifications/initialized', {});
  return request;
}

function answer(text) {
  return { content: [{ type: 'text', text }] };
}

function later() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

function soon() {
  return new Promise((done) => setImmediate(done));
}
