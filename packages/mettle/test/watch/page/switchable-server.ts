import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADD_TOOL, mcpServer, result } from '../probe/loopback.ts';

/** A server on loopback that can be made ill, and told to describe its tool otherwise, while it runs. */
export interface SwitchableServer {
  readonly url: string;
  /** Answers 503 to all but `?steady`. */
  sick: boolean;
  /** How it describes its tool. */
  tools: string;
  stop(): Promise<void>;
}

export async function startServer(): Promise<SwitchableServer> {
  const state = { sick: false, tools: 'Adds two numbers' };
  const well = mcpServer({
    'tools/list': (message, _request, response) =>
      result(response, message, { tools: [{ ...ADD_TOOL, description: state.tools }] }),
  });
  const server = createServer((request, response) => {
    if (state.sick && request.url?.includes('steady') !== true) response.writeHead(503).end();
    else well(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`,
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
