import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runHere } from './run-here.ts';
import { resultIn } from '../builders/published-schemas.ts';

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params: { readonly protocolVersion?: string };
}

/** What a server by hand answers; null for what it does not know. */
function answerTo({ method, params }: Message): object | null {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'far', version: '1' },
      };
    case 'tools/list':
      return {
        tools: [{ name: 'look', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
      };
    case 'tools/call':
      return { content: [] };
    default:
      return null;
  }
}

/** A server that Mettle does not start, with `onCall` for each tool call; its URL. */
async function serverElsewhere(
  onCall: (calls: number, end: () => void) => 'answer' | 'forget' = () => 'answer',
): Promise<string> {
  let calls = 0;
  let session = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const message = JSON.parse(body) as Message;
      if (message.method === 'initialize') response.setHeader('mcp-session-id', String((session += 1)));
      else if (request.headers['mcp-session-id'] !== String(session)) return response.writeHead(404).end();
      if (message.id === undefined) return response.writeHead(202).end();
      if (message.method === 'tools/call' && onCall((calls += 1), end) === 'forget') {
        session += 1;
        return response.writeHead(404).end();
      }
      const result = answerTo(message);
      const answer = result === null ? { error: { code: -32601, message: 'no such method' } } : { result };
      return response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    });
  });
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => end());
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
}

async function check(url: string): Promise<Awaited<ReturnType<typeof runHere>>> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-remote-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return runHere(
    ['check', '--quiet', '--budget', '4', '--era', '2025', '--format', 'json', '--http', url],
    folder,
  );
}

test('a server elsewhere that ends in the middle has died: exit code 3, and it is said', async () => {
  const { code, stdout, stderr } = await check(
    await serverElsewhere((calls, end) => {
      if (calls === 60) end();
      return 'answer';
    }),
  );
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr: expect.stringContaining('The server stopped answering while Mettle was'),
  });
  expect(resultIn(stdout).notes.join(' ')).toContain('stopped answering');
});

test('a server that forgets its session is examined to the end, and that it forgets is said', async () => {
  const { code, stdout } = await check(
    await serverElsewhere((calls) => (calls % 50 === 0 ? 'forget' : 'answer')),
  );
  const { notes, tools, checks } = resultIn(stdout);
  expect({ code, latency: checks.latency.status }).toEqual({ code: 0, latency: 'clear' });
  expect(notes.join(' ')).toMatch(
    /The server ended the session (once|\d+ times) while it was in use \(HTTP 404\)/,
  );
  const look = tools.find(({ name }) => name === 'look');
  expect(look?.errors).toBeGreaterThan(0);
  expect(look?.calls).toBeGreaterThan(100);
});
