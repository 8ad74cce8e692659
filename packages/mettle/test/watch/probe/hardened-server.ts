import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../../../../sick-servers/tells-its-health/server.js', import.meta.url));

export interface HardenedServer {
  readonly url: string;
  readonly metricsUrl: string;
  /** Calls of its tool that wait until it is stopped: two run, the others queue. */
  keepBusy(calls: number): void;
  stop(): Promise<void>;
}

/** A real server in a process of its own, hardened by @mettle/runtime. */
export async function hardenedServer(): Promise<HardenedServer> {
  const child = spawn(process.execPath, [SERVER], {
    env: { ...process.env, PORT: '0', METRICS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const calls = new AbortController();
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { port, metricsPort } = JSON.parse(line) as { port: number; metricsPort: number };
  const url = `http://127.0.0.1:${String(port)}/mcp`;
  return {
    url,
    metricsUrl: `http://127.0.0.1:${String(metricsPort)}/metrics`,
    keepBusy(count) {
      for (let id = 1; id <= count; id += 1)
        void fetch(url, {
          method: 'POST',
          signal: calls.signal,
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: JSON.stringify({
            jsonrpc: '2.0',
            id,
            method: 'tools/call',
            params: { name: 'report', arguments: { waitMs: 300_000 } },
          }),
        }).catch(() => undefined);
    },
    async stop() {
      calls.abort();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
