import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { UsageError } from '../evidence/index.ts';
import { createMettleServer } from './server.ts';
import type { ServerOptions } from './server.ts';

/** Serves on this process's stdio, in both eras; resolves when the client has gone or `signal` is aborted. */
export async function serveOnStdio(options: ServerOptions, signal: AbortSignal): Promise<void> {
  const handle = serveStdio(() => createMettleServer(options));
  await Promise.race([once(process.stdin, 'end'), once(process.stdin, 'close'), aborted(signal)]);
  await handle.close();
}

/** Serves over Streamable HTTP on loopback, in both eras, until `signal` is aborted; `listening` hears the URL. */
export async function serveOnHttp(
  options: ServerOptions,
  port: number,
  signal: AbortSignal,
  listening: (url: string) => void,
): Promise<void> {
  const mcp = createMcpHandler(() => createMettleServer(options));
  const handler = toNodeHandler({
    // A page in the user's browser must not reach what starts programs on the user's machine.
    fetch: async (request, given) =>
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins()) ??
      mcp.fetch(request, given),
  });
  const server = createServer(
    (request, response) => void handler(request as Parameters<typeof handler>[0], response),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`Port ${port} cannot be listened on: ${error.message}.`);
  });
  listening(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  await aborted(signal);
  await mcp.close();
  server.close();
  server.closeAllConnections();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
