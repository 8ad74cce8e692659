import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const SICK = fileURLToPath(new URL('../../../sick-servers/hash-on-main-thread/sick.js', import.meta.url));
const SLOW_MS = 120_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: {
    readonly findings: readonly Record<string, unknown>[];
    readonly verdicts: Readonly<Record<string, { readonly status: string }>>;
  };
}

async function connect(args: readonly string[], roots?: readonly string[]): Promise<Client> {
  const client = new Client(
    { name: 'agent', version: '1' },
    { capabilities: roots === undefined ? {} : { roots: {} } },
  );
  if (roots !== undefined)
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: roots.map((root) => ({ uri: pathToFileURL(root).href })),
    }));
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [METTLE, 'mcp', ...args],
      cwd: folder,
      stderr: 'ignore',
    }),
  );
  return client;
}

describe('mettle mcp', () => {
  it('lets an agent find the ailment of a sick server, told of each step', { timeout: SLOW_MS }, async () => {
    const client = await connect(['--', process.execPath, SICK]);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'check',
      'profile',
      'bench',
      'leak',
      'race',
      'probe',
      'explain_finding',
    ]);
    const steps: string[] = [];
    const answer = (await client.callTool({ name: 'profile', arguments: { budgetSeconds: 5 } }, undefined, {
      timeout: SLOW_MS,
      onprogress: ({ message }) => steps.push(message ?? ''),
    })) as unknown as Answer;
    const [worst] = answer.structuredContent?.findings ?? [];
    expect(worst).toMatchObject({ id: 'hash-on-main-thread', file: SICK });
    expect(answer.content[0]?.text).toContain('hash-on-main-thread');
    expect(answer.structuredContent?.verdicts['cpu']?.status).toBe('found');
    expect(steps.some((step) => step.includes('profiling the event loop'))).toBe(true);
    const page = (await client.callTool({
      name: 'explain_finding',
      arguments: { id: 'hash-on-main-thread' },
    })) as unknown as Answer;
    expect(page.content[0]?.text).toContain('## Fix');
    await client.close();
  });

  it('examines only what its command line names', async () => {
    const config = join(folder, 'mcp.json');
    const server = { command: process.execPath, args: [SICK] };
    await writeFile(config, JSON.stringify({ mcpServers: { one: server, two: server } }));
    const client = await connect(['--config', config]);
    const refused = async (args: Record<string, unknown>): Promise<string> => {
      const answer = (await client.callTool({ name: 'check', arguments: args })) as unknown as Answer;
      expect(answer.isError).toBe(true);
      return answer.content[0]?.text ?? '';
    };
    expect(await refused({})).toBe('Say which server with "target": one, two.');
    expect(await refused({ target: 'rm -rf /' })).toContain('is no server that may be examined');
    await client.close();
  });

  it('examines the server of a mettle.config whose folder is named, and of none in a folder where it happens to be', async () => {
    await writeFile(
      join(folder, 'mettle.config.json'),
      JSON.stringify({ command: [process.execPath, SICK], env: { MODE: 'test' } }),
    );
    // The client's folder of choice is the same.
    await expect(connect([])).rejects.toThrow(/closed/i);
    const client = await connect(['--cwd', folder]);
    const answer = (await client.callTool({ name: 'probe', arguments: {} }, undefined, {
      timeout: SLOW_MS,
    })) as unknown as Answer;
    expect(answer.isError, answer.content[0]?.text).toBeUndefined();
    await client.close();
  });

  it('keeps to the roots of a client that has some', { timeout: SLOW_MS }, async () => {
    const elsewhere = await connect(['--cwd', dirname(SICK), '--', process.execPath, SICK], [folder]);
    const refused = (await elsewhere.callTool({ name: 'probe', arguments: {} })) as unknown as Answer;
    expect(refused.isError).toBe(true);
    expect(refused.content[0]?.text).toContain('lies in none of the client’s roots'.replace('’', "'"));
    await elsewhere.close();
    const inside = await connect(['--cwd', dirname(SICK), '--', process.execPath, SICK], [dirname(SICK)]);
    const allowed = (await inside.callTool({ name: 'probe', arguments: {} }, undefined, {
      timeout: SLOW_MS,
    })) as unknown as Answer;
    expect(allowed.isError).toBeUndefined();
    await inside.close();
  });

  it('stops an examination that is cancelled, and takes the next', { timeout: SLOW_MS }, async () => {
    const client = await connect(['--', process.execPath, SICK]);
    const stop = new AbortController();
    const first = client.callTool({ name: 'check', arguments: { budgetSeconds: 300 } }, undefined, {
      signal: stop.signal,
      onprogress: () => stop.abort('enough'),
    });
    await expect(first).rejects.toThrow('enough');
    const next = (await client.callTool({ name: 'probe', arguments: {} }, undefined, {
      timeout: SLOW_MS,
    })) as unknown as Answer;
    expect(next.isError).toBeUndefined();
    await client.close();
  });

  it('serves both eras over HTTP on loopback, and no page of another origin', async () => {
    const child = spawn(process.execPath, [METTLE, 'mcp', '--listen', '0', '--', process.execPath, SICK], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [chunk] = (await once(child.stderr, 'data')) as [Buffer];
    const url = /at (\S+);/.exec(chunk.toString())?.[1] ?? '';
    const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...(body as object) }),
      });
    const old = await post({
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    });
    expect(await old.text()).toContain('"serverInfo":{"name":"mettle"');
    const modern = await post(
      {
        method: 'server/discover',
        params: {
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' },
    );
    expect(await modern.text()).toContain('2026-07-28');
    expect((await post({ method: 'tools/list' }, { origin: 'https://evil.example' })).status).toBe(403);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('says in one sentence what is missing', async () => {
    const child = spawn(process.execPath, [METTLE, 'mcp'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(2);
    expect(said).toMatch(/^mettle: No target: name one as/);
  });
});
