/*
 * 10,000 looks at a healthy server, a real one in a process of its own, while other processes take more CPU than there is:
 * not one may find it anything but up. Stopped before its time (SIGTERM) it says how far it came.
 *   node packages/mettle/test/watch/soak.mjs [looks=10000] [burners=2 for each core]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Watcher } from '../../dist/watch/index.js';

const wanted = Number(process.argv[2] ?? 10_000);
const burners = Number(process.argv[3] ?? 2 * availableParallelism());
// A look every 50 ms: what a server and a watcher can bear that get a tenth of a core each.
const NAMES = 20;
const SERVER = fileURLToPath(new URL('../../../sick-servers/both-eras/server.js', import.meta.url));

const port = await freePort();
// In groups of their own, so that a signal to ours does not end them before the last look has.
const children = [spawn(process.execPath, [SERVER, String(port)], { stdio: 'inherit', detached: true })];
for (let i = 0; i < burners; i += 1)
  children.push(
    spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(Math.random());'], {
      stdio: 'ignore',
      detached: true,
    }),
  );
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
const folder = mkdtempSync(join(tmpdir(), 'mettle-soak-'));
try {
  await untilItAnswers();
  const watcher = await Watcher.open(
    {
      servers: Array.from({ length: NAMES }, (_each, i) => serverCalled(`s${i}`)),
      store: join(folder, 'w.db'),
      retentionDays: 30,
      concurrency: 500,
      jitter: 0.1,
      page: null,
      channels: [],
      engine: null,
    },
    (sentence) => console.log(sentence),
  );
  const faults = new Map();
  const durationsMs = [];
  let alarms = 0;
  let done = () => undefined;
  const enough = new Promise((resolve) => (done = resolve));
  watcher.listen(({ outcome, standing }) => {
    durationsMs.push(outcome.durationMs);
    if (outcome.status !== 'up') faults.set(outcome.sentence, (faults.get(outcome.sentence) ?? 0) + 1);
    if (standing.isDown) alarms += 1;
    if (durationsMs.length >= wanted) done();
  });
  process.once('SIGTERM', done);
  const startedAt = performance.now();
  await watcher.start();
  await enough;
  const seconds = (performance.now() - startedAt) / 1000;
  const load = loadavg()[0];
  const late = watcher.latenessMs.toSorted((a, b) => a - b);
  await watcher.stop();
  durationsMs.sort((a, b) => a - b);
  const at = (values, share) =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))].toFixed(0);
  console.log(
    `${durationsMs.length} looks in ${seconds.toFixed(0)} s, load ${load.toFixed(1)}: took p50 ${at(durationsMs, 0.5)} ms, p99 ${at(durationsMs, 0.99)} ms, max ${at(durationsMs, 1)} ms; late p99 ${at(late, 0.99)} ms`,
  );
  const total = [...faults.values()].reduce((sum, count) => sum + count, 0);
  console.log(
    `looks that did not find it up: ${total}${total === 0 ? '' : ` (${[...faults].map(([sentence, count]) => `${count} × ${sentence}`).join('; ')})`}; counted as down: ${alarms}`,
  );
  process.exitCode = total === 0 && alarms === 0 ? 0 : 1;
} finally {
  children.forEach((child) => child.kill('SIGKILL'));
  rmSync(folder, { recursive: true, force: true });
}

function serverCalled(name) {
  const spec = {
    kind: 'http',
    url: `http://127.0.0.1:${port}/mcp`,
    headers: {},
    command: null,
    env: {},
    cwd: '/',
  };
  return {
    name,
    spec,
    target: { name, spec },
    intervalMs: 1000,
    timeoutMs: 10_000,
    call: null,
    failures: 2,
    recoveries: 1,
    latencyBudgetMs: null,
    certificateDays: null,
    inside: { health: 'find', metricsUrl: null },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

async function untilItAnswers() {
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/mcp`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
