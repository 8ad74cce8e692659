import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { probe } from '../../../src/watch/probe/probe.ts';
import type { ProbeOptions, ProbeOutcome, ProbeTarget } from '../../../src/watch/probe/outcome.ts';
import type { KeyPair } from './certificates.ts';

/** The port of a server that listens on loopback until the test is over; its connections are cut then. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${String(await listen(createServer(listener)))}/mcp`;
}

export async function serveTls(
  pair: KeyPair,
  listener: RequestListener,
  host = 'localhost',
): Promise<string> {
  return `https://${host}:${String(await listen(createTlsServer(pair, listener)))}/mcp`;
}

export async function serveTcp(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(createTcpServer(onConnection));
}

export interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
export type Answer = (message: Message, request: IncomingMessage, response: ServerResponse) => void;

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function result(response: ServerResponse, { id }: Message, value: unknown): void {
  json(response, { jsonrpc: '2.0', id, result: value });
}

export const ADD_TOOL = {
  name: 'add',
  description: 'Adds two numbers',
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  annotations: { readOnlyHint: true },
};

/** A healthy server of 2025-11-25 with sessions, but for the methods given; `log` takes every request it saw. */
export function mcpServer(sick: Readonly<Record<string, Answer>> = {}, log: string[] = []): RequestListener {
  return (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const message = (text === '' ? { method: request.method ?? '' } : JSON.parse(text)) as Message;
      log.push(message.method);
      const special = sick[message.method];
      if (special !== undefined) special(message, request, response);
      else answerWell(message, response);
    });
  };
}

function answerWell(message: Message, response: ServerResponse): void {
  switch (message.method) {
    case 'initialize':
      response.setHeader('mcp-session-id', 'session-1');
      result(response, message, {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'loopback', version: '1.0.0' },
      });
      break;
    case 'notifications/initialized':
      response.writeHead(202).end();
      break;
    case 'tools/list':
      result(response, message, { tools: [ADD_TOOL] });
      break;
    case 'tools/call':
      result(response, message, { content: [{ type: 'text', text: '3' }] });
      break;
    case 'DELETE':
      response.writeHead(200).end();
      break;
    case 'GET':
      response.writeHead(405).end();
      break;
    default:
      json(response, {
        jsonrpc: '2.0',
        id: message.id,
        error: { code: -32601, message: 'Method not found' },
      });
  }
}

/** One look at a URL. */
export function look(
  url: string,
  options: ProbeOptions = {},
  more: Partial<ProbeTarget> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<ProbeOutcome> {
  const { headers = {}, ...rest } = more;
  return probe(
    { name: 'it', spec: { kind: 'http', url, headers, command: null, env: {}, cwd: process.cwd() }, ...rest },
    { timeoutMs: 5000, ...options },
  );
}
