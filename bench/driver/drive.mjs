/*
 * One driver, one process, so that its CPU is its own: drive.mjs DRIVER TARGET IN_FLIGHT CALLS [PEERS]
 * Prints { calls, failed, cpuMs, wallMs } of the part after warming up. TARGET: a URL, or a script for stdio.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [driver, target, inFlightText, callsText, peers] = process.argv.slice(2);
const inFlight = Number(inFlightText);
const calls = Number(callsText);

/** CPU of this process while `run` runs, after it ran once to warm up. */
async function measured(run) {
  // Half as many again, since code must be compiled before it is judged.
  await run(Math.ceil(calls / 2));
  const before = process.cpuUsage();
  const start = performance.now();
  const done = await run(calls);
  const { user, system } = process.cpuUsage(before);
  return { ...done, cpuMs: (user + system) / 1000, wallMs: performance.now() - start };
}

async function mettle() {
  const { openSession } = await import('../../packages/mettle/dist/session/index.js');
  const { createMix, measureBlock, openDriver } = await import('../../packages/mettle/dist/load/index.js');
  const spec = target.startsWith('http')
    ? { kind: 'http', url: target, headers: {}, command: null, env: {}, cwd: process.cwd() }
    : { kind: 'stdio', command: [process.execPath, target], env: {}, cwd: process.cwd() };
  const { session } = await openSession(spec, { era: '2025' });
  const handle = openDriver([session], { clocks: [], inside: null });
  const request = { method: 'tools/call', params: { name: 'noop', arguments: {} } };
  const source = { subject: { name: 'noop', kind: 'tool' }, weight: 1, call: () => request };
  const mix = createMix([source], { seed: 1 });
  const shape = { kind: 'closed', connections: 1, inFlight, thinkTimeMs: 0 };
  const signal = new AbortController().signal;
  const result = await measured(async (count) => {
    const block = await measureBlock(handle, mix, {
      shape,
      calls: count,
      callTimeoutMs: 30_000,
      seed: 1,
      signal,
    });
    const { outcomes } = block.total;
    return { calls: outcomes.calls, failed: outcomes.calls - outcomes.ok };
  });
  handle.close();
  await session.close();
  return result;
}

/** `verified`: with a check of every answer, as MCP needs it, since its failures come as HTTP 200. */
async function autocannon(verified) {
  const run = createRequire(`${peers}/`)('autocannon');
  const body =
    '{"jsonrpc":"2.0","id":1000000000,"method":"tools/call","params":{"name":"noop","arguments":{}}}';
  return measured(async (count) => {
    const result = await run({
      url: target,
      connections: inFlight,
      amount: count,
      timeout: 30,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body,
      ...(verified
        ? { verifyBody: (text) => text.includes('"result":{') && !text.includes('"isError":true') }
        : {}),
    });
    const { non2xx, errors, timeouts, mismatches, requests } = result;
    return { calls: requests.total, failed: non2xx + errors + timeouts + mismatches };
  });
}

async function sdkClient(generation) {
  const http = target.startsWith('http');
  const from = async (name) => import(pathToFileURL(createRequire(`${peers}/`).resolve(name)).href);
  const v1 = generation === 1;
  const { Client } = v1
    ? await from('@modelcontextprotocol/sdk/client/index.js')
    : await from('@modelcontextprotocol/client');
  const transport = http
    ? new (v1
        ? (await from('@modelcontextprotocol/sdk/client/streamableHttp.js')).StreamableHTTPClientTransport
        : (await from('@modelcontextprotocol/client')).StreamableHTTPClientTransport)(new URL(target))
    : new (v1
        ? (await from('@modelcontextprotocol/sdk/client/stdio.js')).StdioClientTransport
        : (await from('@modelcontextprotocol/client/stdio')).StdioClientTransport)({
        command: process.execPath,
        args: [target],
      });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  const result = await measured(async (count) => {
    let begun = 0;
    let failed = 0;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (begun < count) {
          begun++;
          try {
            const answer = await client.callTool({ name: 'noop', arguments: {} });
            if (answer.isError === true) failed++;
          } catch {
            failed++;
          }
        }
      }),
    );
    return { calls: begun, failed };
  });
  await client.close();
  return result;
}

const DRIVERS = {
  mettle,
  autocannon: () => autocannon(false),
  'autocannon, answers checked': () => autocannon(true),
  'SDK client v1': () => sdkClient(1),
  'SDK client v2': () => sdkClient(2),
};
console.log(JSON.stringify(await DRIVERS[driver]()));
process.exit(0);
