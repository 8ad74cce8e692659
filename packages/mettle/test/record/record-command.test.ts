import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Recording } from '../../src/record/index.ts';
import { freePort } from '../free-port.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const SHOP = fileURLToPath(new URL('../../../sick-servers/general/healthy.js', import.meta.url));
const HTTP_SERVER = fileURLToPath(new URL('../../../sick-servers/session-leak/healthy.js', import.meta.url));

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  file = join(folder, 'w.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = async (): Promise<Recording> => JSON.parse(await readFile(file, 'utf8')) as Recording;
const client = async (transport: Transport): Promise<Client> => {
  const made = new Client({ name: 'test', version: '1' });
  await made.connect(transport);
  return made;
};

/** What a client sees of a server: its list, and answers of its tools, in words. */
async function converse(transport: Transport): Promise<unknown> {
  const one = await client(transport);
  const { tools } = await one.listTools();
  const answers = await Promise.all(
    tools.map(({ name }) => one.callTool({ name, arguments: {} }).catch((error: Error) => error.message)),
  );
  await one.close();
  return { version: one.getServerVersion(), tools, answers };
}

describe('mettle record over stdio', () => {
  it('takes the target of mettle.config where none is named, and not where runs are kept', async () => {
    const config = { command: [process.execPath, SHOP], env: { SHOP: 'x' }, out: 'runs', workload: 'w.json' };
    await writeFile(join(folder, 'mettle.config.json'), JSON.stringify(config));
    const one = await client(
      new StdioClientTransport({
        command: process.execPath,
        args: [METTLE, 'record', '--quiet', '--cwd', folder, '--out', file],
        stderr: 'ignore',
      }),
    );
    expect((await one.listTools()).tools.length).toBeGreaterThan(0);
    await one.close();
    await expect
      .poll(() =>
        read()
          .then(({ calls }) => calls.map(({ method }) => method))
          .catch(() => []),
      )
      .toEqual(['tools/list']);
    expect(await readdir(folder)).toEqual(['mettle.config.json', 'w.json']);
  });

  it('lets a client see what it sees without it, and keeps the calls', async () => {
    const stdio = (args: string[]): Transport =>
      new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' });
    const direct = await converse(stdio([SHOP]));
    const through = await converse(stdio([METTLE, 'record', '--out', file, '--', process.execPath, SHOP]));
    expect(through).toEqual(direct);
    // The client ends us before we are done; what is kept is whole all the same.
    await expect
      .poll(async () =>
        read()
          .then(({ calls }) => calls.length)
          .catch(() => 0),
      )
      .toBeGreaterThan(3);
    const { calls, recording } = await read();
    expect(calls[0]).toEqual({ method: 'tools/list', weight: 1 });
    expect(recording.timeline).toHaveLength(calls.length);
    expect(recording.server).toEqual((direct as { version: unknown }).version);
  });

  it('ends with the server’s own exit code', async () => {
    const child = spawn(
      process.execPath,
      [METTLE, 'record', '--out', file, '--', process.execPath, '-e', 'process.exit(7)'],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(7);
  });

  it('says in one sentence what cannot be started', async () => {
    const child = spawn(process.execPath, [METTLE, 'record', '--out', file, '--', 'no-such-program'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(3);
    expect(said).toBe(
      'mettle: The command "no-such-program" was not found: check its spelling, or give its full path.\n',
    );
  });
});

describe('mettle record over HTTP', () => {
  it('stands before a server that it started, with sessions and streams, and keeps the calls', async () => {
    const port = await freePort();
    const recording = spawn(
      process.execPath,
      [
        METTLE,
        'record',
        '--out',
        file,
        '--env',
        `PORT=${port}`,
        '--http',
        `http://127.0.0.1:${port}/mcp`,
        '--',
        process.execPath,
        HTTP_SERVER,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const url = await addressOf(recording);
    const two = await Promise.all([1, 2].map(() => client(new StreamableHTTPClientTransport(new URL(url)))));
    await Promise.all(two.map((one) => one.callTool({ name: 'note', arguments: { line: 'milk' } })));
    const { tools } = await (two[0] as Client).listTools();
    expect(tools.length).toBeGreaterThan(0);
    for (const one of two) await one.close();
    recording.kill('SIGINT');
    const [code] = (await once(recording, 'exit')) as [number];
    expect(code).toBe(0);
    const kept = await read();
    expect(kept.calls).toEqual([
      { tool: 'note', arguments: { line: 'milk' }, weight: 2 },
      { method: 'tools/list', weight: 1 },
    ]);
    expect(kept.recording.sessions).toBe(2);
    expect(kept.recording.timeline.every(({ outcome }) => outcome === 'success')).toBe(true);
  });

  it('answers 502 in a sentence while the server is away', async () => {
    const port = await freePort();
    const recording = spawn(
      process.execPath,
      [METTLE, 'record', '--out', file, '--http', `http://127.0.0.1:${port}/mcp`],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const answer = await fetch(await addressOf(recording), { method: 'POST', body: '{}' });
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain(`the server at http://127.0.0.1:${port} cannot be reached`);
    recording.kill('SIGINT');
    await once(recording, 'exit');
  });
});

/** The address that `mettle record` gives for the client. */
function addressOf(recording: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    recording.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const url = /give the client (\S+) instead/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    recording.once('exit', () => reject(new Error(`it ended: ${said}`)));
  });
}
