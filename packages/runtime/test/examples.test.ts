import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { turns } from './handshake.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

type Result = { content?: { text: string }[]; isError?: boolean; tools?: { name: string }[] };
type Request = (method: string, params: object) => Promise<Result>;

async function start(file: string): Promise<Request> {
  const child = spawn(process.execPath, [EXAMPLES + file], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const waiting = new Map<number, (result: Result) => void>();
  createInterface(child.stdout).on('line', (line) => {
    const { id, result } = JSON.parse(line) as { id: number; result: Result };
    waiting.get(id)?.(result);
  });
  let nextId = 0;
  const send = (message: object): boolean =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const request: Request = (method, params) =>
    new Promise((resolve) => {
      waiting.set(++nextId, resolve);
      send({ id: nextId, method, params });
    });
  await request('initialize', INITIALIZE);
  send({ method: 'notifications/initialized' });
  return request;
}

describe('the examples', () => {
  const folders = readdirSync(EXAMPLES).filter((name) => existsSync(`${EXAMPLES}${name}/mended.js`));

  test.each(folders.filter((name) => name !== 'session-leak'))(
    '%s: sick and mended offer the sick one’s tools, and answer',
    async (folder) => {
      const [sick, mended] = await Promise.all([start(`${folder}/sick.js`), start(`${folder}/mended.js`)]);
      const names = async (request: Request): Promise<string[]> =>
        ((await request('tools/list', {})).tools ?? []).map(({ name }) => name);
      const [tool = ''] = await names(sick);
      expect(await names(mended)).toContain(tool);
      const given = {
        'regex-backtracking': { title: 'short!' },
        'serialised-by-lock': { item: 'mug', quantity: 1 },
        'unbounded-cache': { query: 'x' },
        'blocked-event-loop': { customer: 'x' },
      };
      const params = { name: tool, arguments: given[folder as keyof typeof given] ?? {} };
      const [bySick, byMended] = await Promise.all([
        sick('tools/call', params),
        mended('tools/call', params),
      ]);
      expect(byMended.isError).toBeUndefined();
      if (folder !== 'no-load-shedding') expect(byMended).toEqual(bySick);
    },
  );

  test('twenty simultaneous registrations for ten places: overbooked when sick, exactly ten when mended', async () => {
    const places = async (file: string): Promise<number> => {
      const request = await start(file);
      const calls = Array.from({ length: 20 }, () =>
        request('tools/call', { name: 'register', arguments: {} }),
      );
      return (await Promise.all(calls)).filter(({ content }) => content?.[0]?.text.startsWith('Place'))
        .length;
    };
    expect(await places('limit-exceeded/sick.js')).toBe(20);
    expect(await places('limit-exceeded/mended.js')).toBe(10);
  });

  test('an expression of a user’s that never ends is stopped, and the server answers on', async () => {
    const request = await start('regex-backtracking/mended.js');
    const stuck = request('tools/call', {
      name: 'search',
      arguments: { expression: '^(a+)+$', text: `${'a'.repeat(40)}!` },
    });
    expect(
      (await request('tools/call', { name: 'check_title', arguments: { title: 'A title' } })).content?.[0]
        ?.text,
    ).toBe('Fits.');
    expect((await stuck).content?.[0]?.text).toContain('was stopped after 200 ms');
  });

  test('session-leak mended: serves a session over HTTP and ends with its process', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const env = { ...process.env, PORT: String(port) };
    const child = spawn(process.execPath, [`${EXAMPLES}session-leak/mended.js`], { env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE });
    const post = (): Promise<Response | undefined> =>
      fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body }).catch(() => undefined);
    let response = await post();
    while (response === undefined) {
      await turns(20);
      response = await post();
    }
    expect(response.headers.get('mcp-session-id')).toMatch(/.+/);
    await response.text();
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });
});
