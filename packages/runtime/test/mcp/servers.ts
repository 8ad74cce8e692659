import { InMemoryTransport as InMemory1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server as Server1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServer1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  createMcpHandler,
  InMemoryTransport as InMemory2,
  McpServer as McpServer2,
  Server as Server2,
} from '@modelcontextprotocol/server';
import { harden } from '../../src/mcp/index.ts';
import type { Policy, PolicyOptions } from '../../src/mcp/index.ts';

/** What a tool gets from either SDK. */
export interface ToolContext {
  readonly signal?: AbortSignal;
  readonly mcpReq?: { readonly signal: AbortSignal };
}
export type Tool = (context: ToolContext) => unknown;
export type Tools = Readonly<Record<string, Tool>>;

export interface Answer {
  readonly result?: {
    readonly content?: readonly { readonly text: string }[];
    readonly contents?: readonly { readonly text: string }[];
    readonly isError?: boolean;
    readonly tools?: readonly { readonly name: string }[];
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly reason?: string; readonly retryAfterMs?: number };
  };
}

/** A client of one server: raw JSON-RPC, so that nothing stands between the test and the server. */
export interface Peer {
  request(method: string, params?: object, signal?: AbortSignal): Promise<Answer>;
  call(tool: string, signal?: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

export type Open = (policy: Policy | PolicyOptions | 'bare', tools: Tools) => Promise<Peer>;

interface Wire {
  onmessage?: ((message: never) => void) | undefined;
  start(): Promise<void>;
  send(message: never): Promise<void>;
  close(): Promise<void>;
}

/** Every way to make a server that `harden` promises to protect. */
export const SERVERS: Readonly<Record<string, Open>> = {
  'v1 McpServer, tools before harden': async (policy, tools) => {
    const server = new McpServer1({ name: 'test', version: '1' });
    addTools1(server, tools);
    protect(server, policy);
    return overMemory(server, InMemory1);
  },
  'v1 McpServer, tools after harden': async (policy, tools) => {
    const server = new McpServer1({ name: 'test', version: '1' });
    protect(server, policy);
    addTools1(server, tools);
    return overMemory(server, InMemory1);
  },
  'v1 Server': async (policy, tools) => {
    const server = new Server1({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
    protect(server, policy);
    server.setRequestHandler(CallToolRequestSchema, async (request, extra) =>
      result(await tools[request.params.name]?.(extra)),
    );
    return overMemory(server, InMemory1);
  },
  'v2 McpServer, tools before harden': async (policy, tools) => {
    const server = new McpServer2({ name: 'test', version: '1' });
    addTools2(server, tools);
    protect(server, policy);
    return overMemory(server, InMemory2);
  },
  'v2 McpServer, tools after harden': async (policy, tools) => {
    const server = new McpServer2({ name: 'test', version: '1' });
    protect(server, policy);
    addTools2(server, tools);
    return overMemory(server, InMemory2);
  },
  'v2 Server': async (policy, tools) => {
    const server = new Server2({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
    protect(server, policy);
    server.setRequestHandler('tools/call', async (request, context) =>
      result(await tools[request.params.name]?.(context)),
    );
    return overMemory(server, InMemory2);
  },
  'v2 createMcpHandler, era 2026': async (policy, tools) => perRequest('2026', policy, tools),
  'v2 createMcpHandler, era 2025': async (policy, tools) => perRequest('2025', policy, tools),
};

function protect(server: object, policy: Policy | PolicyOptions | 'bare'): void {
  if (policy !== 'bare') harden(server, policy);
}

function result(text: unknown): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text: String(text) }] };
}

function addTools1(server: McpServer1, tools: Tools): void {
  for (const [name, tool] of Object.entries(tools)) {
    server.registerTool(name, { description: name }, async (extra) => result(await tool(extra)));
  }
}

export function addTools2(server: McpServer2, tools: Tools): void {
  for (const [name, tool] of Object.entries(tools)) {
    server.registerTool(name, { description: name }, async (context) => result(await tool(context)));
  }
}

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

/** Connects a server in memory and shakes hands. */
export async function overMemory(
  server: object,
  { createLinkedPair }: { createLinkedPair(): [unknown, unknown] },
): Promise<Peer> {
  const [ours, theirs] = createLinkedPair() as [Wire, Wire];
  const waiting = new Map<number, (answer: Answer) => void>();
  let nextId = 0;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
  ours.onmessage = (message: Answer & { id?: number }) => {
    if (message.id === undefined) return;
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  };
  await ours.start();
  await (server as { connect(wire: Wire): Promise<void> }).connect(theirs);
  const send = (message: object): Promise<void> => ours.send({ jsonrpc: '2.0', ...message } as never);

  const request: Peer['request'] = (method, params = {}, signal) => {
    const id = ++nextId;
    const answer = new Promise<Answer>((resolve, reject) => {
      waiting.set(id, resolve);
      signal?.addEventListener('abort', () => {
        void send({ method: 'notifications/cancelled', params: { requestId: id, reason: 'test' } });
        reject(new Error('cancelled by the test'));
      });
    });
    void send({ id, method, params });
    return answer;
  };
  await request('initialize', INITIALIZE);
  await send({ method: 'notifications/initialized' });
  return {
    request,
    call: (name, signal) => request('tools/call', { name, arguments: {} }, signal),
    close: () => ours.close(),
  };
}

const META_2026 = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

function perRequest(era: '2025' | '2026', policy: Policy | PolicyOptions | 'bare', tools: Tools): Peer {
  const handler = createMcpHandler(() => {
    const server = new McpServer2({ name: 'test', version: '1' });
    addTools2(server, tools);
    protect(server, policy);
    return server;
  });
  let nextId = 0;
  const request: Peer['request'] = async (method, params = {}, signal) => {
    const modern = era === '2026';
    const body = {
      jsonrpc: '2.0',
      id: ++nextId,
      method,
      params: modern ? { ...params, _meta: META_2026 } : params,
    };
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': modern ? '2026-07-28' : '2025-11-25',
    };
    if (modern) {
      headers['mcp-method'] = method;
      if ('name' in params) headers['mcp-name'] = String(params.name);
    }
    const response = await handler.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        signal: signal ?? null,
      }),
    );
    const text = await response.text();
    const data = /^data: (\{.*)$/m.exec(text)?.[1] ?? text;
    return JSON.parse(data) as Answer;
  };
  return {
    request,
    call: (name, signal) => request('tools/call', { name, arguments: {} }, signal),
    close: () => handler.close(),
  };
}
