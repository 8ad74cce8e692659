import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LANE_HEADER } from '../../../src/agent/control-protocol.ts';
import type { RemotePoint } from '../../../src/agent/control-protocol.ts';
import { agentEnvironment } from '../../../src/agent/location.ts';
import { openAgentChannel } from '../../../src/collect/channel.ts';
import type { ServingAgent } from '../../../src/collect/channel.ts';
import type { ScheduleSpec, TrialRecord } from '../../../src/evidence/index.ts';
import { TEST_NODE } from '../target.ts';

export interface Call {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
}
type Message = Readonly<Record<string, unknown>>;

export interface Outcome {
  readonly record: TrialRecord;
  /** Text of each answer; null when there was none. */
  readonly answers: readonly (string | null)[];
  readonly files: Readonly<Record<string, string>>;
}

/** A server under control, with a working copy of its own. */
export interface RacingTarget {
  readonly agent: ServingAgent;
  readonly process: ChildProcess;
  readonly directory: string;
  stderr(): string;
  /** Without a trial. */
  call(call: Call): Promise<string>;
  /** One trial from these files. */
  race(
    calls: readonly Call[],
    schedule: ScheduleSpec,
    files?: Readonly<Record<string, string>>,
  ): Promise<Outcome>;
  /** One trial whose steps the test takes itself, in the files as they are. */
  lead(calls: readonly Call[]): Led;
  reset(files?: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
}

export interface Led {
  settle(): Promise<RemotePoint>;
  step(id: string): Promise<RemotePoint>;
  finish(): Promise<Outcome>;
}

export interface Options {
  readonly node?: string;
  readonly env?: (directory: string) => Readonly<Record<string, string>>;
  readonly args?: (directory: string) => readonly string[];
  /** The server says `port N` on stderr and speaks HTTP at /mcp. */
  readonly http?: boolean;
  /** One session for all calls, or one each. */
  readonly sessions?: 'shared' | 'own';
  readonly maxSteps?: number;
}

const laneOf = (index: number): string => String.fromCharCode(65 + index);

/** Starts a server under control and shakes hands. */
export async function control(entry: string, options: Options = {}): Promise<RacingTarget> {
  const directory = mkdtempSync(join(tmpdir(), 'mettle-control-'));
  const channel = await openAgentChannel();
  const child = spawn(options.node ?? TEST_NODE, [entry, ...(options.args?.(directory) ?? [])], {
    stdio: 'pipe',
    cwd: directory,
    env: {
      ...process.env,
      ...agentEnvironment({
        socketPath: channel.socketPath,
        inheritedNodeOptions: undefined,
        exitWithMettle: true,
        control: true,
      }),
      DATA_DIR: directory,
      ...options.env?.(directory),
    },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close');
  const client =
    options.http === true
      ? await httpClient(child, () => stderr, options.sessions ?? 'shared')
      : await stdioClient(child);
  const agent = await channel.serving(20_000);
  if (agent === null) throw new Error(`no agent served; stderr: ${stderr}`);
  const reset = (files: Readonly<Record<string, string>> = {}): void => {
    for (const name of readdirSync(directory))
      rmSync(join(directory, name), { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(directory, name, '..'), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
  };
  const arm = async (
    calls: readonly Call[],
    ids: readonly number[],
    schedule: ScheduleSpec | { readonly strategy: 'remote' },
  ): Promise<unknown> =>
    await agent.control({
      kind: 'arm',
      calls: calls.map((_, i) => ({ lane: laneOf(i), requestId: ids[i] ?? null })),
      schedule,
      maxSteps: options.maxSteps ?? 2_000,
      workingCopy: directory,
    });
  return {
    agent,
    process: child,
    directory,
    stderr: () => stderr,
    reset,
    call: async (call) => (await client.request(call, null)) ?? '',
    lead(calls) {
      let all: Promise<(string | null)[]> = Promise.resolve([]);
      const ids = client.prepare(calls.length);
      return {
        async settle() {
          await arm(calls, await ids, { strategy: 'remote' });
          all = Promise.all(calls.map(async (call, i) => client.request(call, laneOf(i), (await ids)[i])));
          return await agent.control({ kind: 'settle' });
        },
        step: (id) => agent.control({ kind: 'step', id }),
        finish: async () => ({
          record: await agent.control({ kind: 'finish' }),
          answers: await all,
          files: {},
        }),
      };
    },
    async race(calls, schedule, files) {
      reset(files);
      const ids = await client.prepare(calls.length);
      await arm(calls, ids, schedule);
      const answers: (string | null)[] = calls.map(() => null);
      const all = Promise.all(
        calls.map(async (call, i) => {
          answers[i] = await client.request(call, laneOf(i), ids[i]);
        }),
      );
      const record = await agent.control({ kind: 'finish' });
      if (record.status === 'done') await all;
      return { record, answers, files: filesIn(directory) };
    },
    async stop() {
      child.stdin.end();
      // Over stdio as well: a pool's idle threads would keep it until the patience below is over.
      child.kill();
      const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await closed;
      clearTimeout(timer);
      await channel.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function filesIn(directory: string, below = ''): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) Object.assign(files, filesIn(directory, path));
    else files[path] = readFileSync(join(directory, path), 'utf8');
  }
  return files;
}

interface Client {
  prepare(count: number): Promise<readonly number[]>;
  request(call: Call, lane: string | null, id?: number): Promise<string | null>;
}

const initialize = {
  protocolVersion: '2025-06-18',
  capabilities: { roots: {} },
  clientInfo: { name: 'test', version: '1' },
};

function textOf(reply: Message): string {
  const result = reply['result'] as
    | { readonly content?: readonly { readonly text?: string }[]; readonly isError?: boolean }
    | undefined;
  if (result === undefined) return `error: ${JSON.stringify(reply['error'])}`;
  const text = (result.content ?? []).map((part) => part.text ?? '').join('\n');
  return result.isError === true ? `tool error: ${text}` : text;
}

async function stdioClient(child: ChildProcess): Promise<Client> {
  const waiting = new Map<unknown, (reply: Message) => void>();
  let lastId = 0;
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  stdin.on('error', () => {});
  const send = (message: Message): void =>
    void stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  createInterface({ input: stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (typeof message['method'] === 'string') {
      if (message['id'] !== undefined)
        send({ id: message['id'], result: message['method'] === 'roots/list' ? { roots: [] } : {} });
      return;
    }
    waiting.get(message['id'])?.(message);
    waiting.delete(message['id']);
  });
  const request = (method: string, params: unknown, id = ++lastId): Promise<Message> =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  await request('initialize', initialize);
  send({ method: 'notifications/initialized' });
  return {
    prepare: async (count) => Array.from({ length: count }, () => ++lastId),
    request: async ({ tool, args = {} }, _lane, id) =>
      textOf(await request('tools/call', { name: tool, arguments: args }, id)),
  };
}

async function httpClient(
  child: ChildProcess,
  stderr: () => string,
  sessions: 'shared' | 'own',
): Promise<Client> {
  while (!/port \d+/.test(stderr()))
    await Promise.race([once(child.stderr ?? child, 'data'), once(child, 'exit')]);
  const url = `http://127.0.0.1:${/port (\d+)/.exec(stderr())?.[1]}/mcp`;
  let lastId = 0;
  const post = async (message: Message, session: string | null, lane: string | null): Promise<Response> =>
    await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === null ? {} : { 'mcp-session-id': session }),
        ...(lane === null ? {} : { [LANE_HEADER]: lane }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const open = async (): Promise<string | null> => {
    const response = await post({ id: ++lastId, method: 'initialize', params: initialize }, null, null);
    await response.text();
    const session = response.headers.get('mcp-session-id');
    await (await post({ method: 'notifications/initialized' }, session, null)).text();
    return session;
  };
  const shared = await open();
  const own = new Map<string, string | null>();
  return {
    async prepare(count) {
      if (sessions === 'own')
        for (let i = 0; i < count; i++) if (!own.has(laneOf(i))) own.set(laneOf(i), await open());
      return Array.from({ length: count }, () => ++lastId);
    },
    async request({ tool, args = {} }, lane, id = ++lastId) {
      const session = lane === null ? shared : (own.get(lane) ?? shared);
      const response = await post(
        { id, method: 'tools/call', params: { name: tool, arguments: args } },
        session,
        lane,
      );
      const text = await response.text();
      return textOf(JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text) as Message);
    },
  };
}

/** What happened, in words: the same for the same schedule. */
export function traceOf(record: TrialRecord): string {
  return record.steps
    .map(({ id, kind, phase, resource, detail }) => [id, kind, phase, resource ?? '-', detail].join(' '))
    .join('\n');
}
