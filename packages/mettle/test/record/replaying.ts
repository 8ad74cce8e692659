import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { ReplayFigures, Result } from '../../src/evidence/index.ts';

export const METTLE: string = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
export const TAP: string = fileURLToPath(new URL('./fixtures/tap.mjs', import.meta.url));

/** What a server was asked, and answered. */
export interface Asked {
  readonly method: string;
  readonly params: unknown;
  readonly answer?: unknown;
}
export interface RecordedAndReplayed {
  readonly recorded: readonly Asked[];
  readonly replayed: readonly Asked[];
  readonly replay: ReplayFigures;
}

/** Records an SDK client's conversation with a server, replays it, and tells what the server was asked both times. */
export async function recordAndReplay(
  server: readonly string[],
  folder: string,
  converse: (client: Client) => Promise<void>,
  options: readonly string[] = [],
): Promise<RecordedAndReplayed> {
  const [file, before, after] = ['w.json', 'before.json', 'after.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const tapped = [process.execPath, TAP, process.execPath, ...server];
  // As Mettle has them: servers list tools by what their client can answer.
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: {}, roots: {}, sampling: {} } },
  );
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [METTLE, 'record', '--quiet', '--out', file, '--', ...tapped],
      env: { ...(process.env as Record<string, string>), TAP_FILE: before },
      stderr: 'ignore',
    }),
  );
  await converse(client);
  await client.close();
  const words = ['bench', '--workload', file, '--replay', '--no-agent', '--quiet', '--format', 'json'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [METTLE, ...words, '--env', `TAP_FILE=${after}`, ...options, '--', ...tapped],
    { cwd: folder, encoding: 'utf8', maxBuffer: 1e8 },
  );
  const { bench } = JSON.parse(stdout || '{}') as Result;
  if (bench?.replay === undefined) throw new Error(`nothing was replayed: ${stderr}`);
  return { recorded: await askedIn(before), replayed: await askedIn(after), replay: bench.replay };
}

const VOLATILE = [
  /\d{4}-\d\d-\d\dT[\d:.]+Z/g,
  /\d{1,2}:\d\d:\d\d( [AP]M)?/g,
  /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g,
];

async function askedIn(file: string): Promise<readonly Asked[]> {
  const text = VOLATILE.reduce(
    (sofar, one) => sofar.replaceAll(one, '[volatile]'),
    await readFile(file, 'utf8'),
  );
  return JSON.parse(text) as readonly Asked[];
}
