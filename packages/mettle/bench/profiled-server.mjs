/*
 * What the profiler's benchmarks have in common: the Node versions, a benchmark server opened the way `mettle profile`
 * opens one (session layer, agent, channel), and calls sent to it with a given number in flight.
 */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadavg } from 'node:os';
import { agentEnvironment } from '../dist/agent/location.js';
import { openAgentChannel } from '../dist/collect/index.js';
import { openProcessClock, openSession } from '../dist/session/index.js';

const CALL_TIMEOUT_MS = 60_000;
const AGENT_PATIENCE_MS = 5_000;

export const benchFolder = fileURLToPath(new URL('.', import.meta.url));

/** `[['20.19.0', '/path/to/node'], …]`: the versions that Mettle promises, or those in NODE_VERSIONS=24.21.0,… */
export function nodeVersions() {
  const script = fileURLToPath(new URL('../../../scripts/node-versions.mjs', import.meta.url));
  const asked = (process.env.NODE_VERSIONS ?? '').split(',').filter(Boolean);
  const run = spawnSync(process.execPath, [script, ...asked], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error('the Node versions could not be fetched');
  return Object.entries(JSON.parse(run.stdout));
}

/**
 * Starts a server and shakes hands. `script` is relative to this folder or absolute; `transport` stdio or http.
 * Without `agent: false` the agent is in it. `close()` ends everything.
 */
export async function openServer({
  node,
  script,
  transport = 'stdio',
  toolSet,
  agent: withAgent = true,
  env = {},
}) {
  const channel = withAgent ? await openAgentChannel() : null;
  try {
    const port = transport === 'http' ? await freePort() : null;
    const path = fileURLToPath(new URL(script, import.meta.url));
    const command = [node, path, transport, toolSet, ...(port === null ? [] : [String(port)])];
    const place = { command, cwd: benchFolder, env };
    const spec =
      port === null
        ? { kind: 'stdio', ...place }
        : { kind: 'http', url: `http://127.0.0.1:${port}/mcp`, headers: {}, ...place };
    const extraEnv =
      channel === null
        ? {}
        : agentEnvironment({
            socketPath: channel.socketPath,
            inheritedNodeOptions: process.env.NODE_OPTIONS,
            exitWithMettle: true,
          });
    const { session } = await openSession(spec, { extraEnv });
    const agent = channel === null ? null : await channel.serving(AGENT_PATIENCE_MS);
    if (channel !== null && agent === null) throw new Error(`no agent in ${command.join(' ')}`);
    const clock = openProcessClock(agent?.pid ?? session.process.pid);
    const close = async () => {
      clock.close();
      await session.close();
      await channel?.close();
    };
    return { session, agent, clock, close, command };
  } catch (error) {
    await channel?.close();
    throw error;
  }
}

/** Calls the tools in the order of `names`, `inFlight` at a time; throws at the first that fails. Replies in order of sending. */
export async function callAll(session, names, inFlight) {
  const replies = [];
  let next = 0;
  const worker = async () => {
    while (next < names.length) {
      const i = next++;
      const reply = await session.request(
        'tools/call',
        { name: names[i], arguments: {} },
        { timeoutMs: CALL_TIMEOUT_MS },
      );
      if (reply.outcome !== 'result' || reply.result.isError === true)
        throw new Error(`${names[i]}: ${JSON.stringify(reply).slice(0, 300)}`);
      replies[i] = {
        subject: names[i],
        sentAtMs: reply.sentAtMs,
        receivedAtMs: reply.sentAtMs + reply.latencyMs,
        ok: true,
      };
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return replies;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One line that says what the figures were measured on. */
export function machineLine() {
  return `${new Date().toISOString().slice(0, 10)}, ${process.platform} ${process.arch}, load average ${loadavg()[0].toFixed(1)}, driver on Node ${process.versions.node}`;
}

/** A table for the terminal and for Markdown alike. */
export function printTable(header, rows) {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  console.log(line(cells[0]));
  console.log(
    `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`,
  );
  for (const row of cells.slice(1)) console.log(line(row));
}
