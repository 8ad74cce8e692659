import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { agentEnvironment } from '../../src/agent/location.ts';
import { openAgentChannel } from '../../src/collect/channel.ts';
import type { AgentChannel, ServingAgent } from '../../src/collect/channel.ts';

/** The Node that runs the servers: METTLE_TEST_NODE=/path/to/node tries another one. */
export const TEST_NODE: string = process.env['METTLE_TEST_NODE'] ?? process.execPath;

export const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** How long the client thinks before it answers what the server asks. */
export const CLIENT_ANSWERS_AFTER_MS = 40;

type Message = Readonly<Record<string, unknown>>;

/** A server with the agent in it, and a client that knows just enough. */
export interface Target {
  readonly process: ChildProcess;
  readonly channel: AgentChannel;
  readonly agent: ServingAgent;
  readonly stderr: () => string;
  readonly stdoutLines: readonly string[];
  call(tool: string): Promise<Message>;
  /** `count` calls at once; on stdio in one piece. */
  callTogether(tool: string, count: number): Promise<readonly Message[]>;
  stop(): Promise<void>;
}

export interface LaunchOptions {
  /** Default: the Node under test. */
  readonly command?: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a fixture with the agent, and shakes hands. */
export async function launch(args: readonly string[], options: LaunchOptions = {}): Promise<Target> {
  const channel = await openAgentChannel();
  const [command, ...first] = options.command ?? [TEST_NODE];
  const child = spawn(command, [...first, ...args], {
    stdio: 'pipe',
    env: {
      ...process.env,
      ...agentEnvironment({
        socketPath: channel.socketPath,
        inheritedNodeOptions: undefined,
        exitWithMettle: true,
      }),
      ...options.env,
    },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const stdoutLines: string[] = [];
  const isHttp = args.some((arg) => arg.includes('http-'));
  const client = isHttp ? await httpClient(child, () => stderr) : stdioClient(child, stdoutLines);
  const closed = once(child, 'close');
  await client.request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'test', version: '1' },
  });
  await client.notify('notifications/initialized');
  const agent = await channel.serving(10_000);
  if (agent === null) throw new Error(`no agent served; stderr: ${stderr}`);
  return {
    process: child,
    channel,
    agent,
    stderr: () => stderr,
    stdoutLines,
    call: (tool) => client.request('tools/call', { name: tool, arguments: {} }),
    callTogether(tool, count) {
      child.stdin.cork();
      const replies = Promise.all(
        Array.from({ length: count }, () => client.request('tools/call', { name: tool, arguments: {} })),
      );
      child.stdin.uncork();
      return replies;
    },
    async stop() {
      // The process first: after the channel's goodbye nothing would tie it to this one.
      child.stdin.end();
      if (isHttp) child.kill();
      await closed;
      await channel.close();
    },
  };
}

interface Client {
  request(method: string, params: Message): Promise<Message>;
  notify(method: string): Promise<void>;
}

function stdioClient(child: ChildProcess, lines: string[]): Client {
  const waiting = new Map<unknown, (reply: Message) => void>();
  let lastId = 0;
  child.stdin?.on('error', () => {});
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (!line.startsWith('{')) return;
      const reply = JSON.parse(line) as Message;
      if (reply['method'] === 'elicitation/create') {
        const answer = { jsonrpc: '2.0', id: reply['id'], result: { action: 'decline' } };
        setTimeout(() => child.stdin?.write(`${JSON.stringify(answer)}\n`), CLIENT_ANSWERS_AFTER_MS);
      }
      waiting.get(reply['id'])?.(reply);
    });
  }
  return {
    request: (method, params) =>
      new Promise((resolve) => {
        const id = ++lastId;
        waiting.set(id, resolve);
        child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      }),
    async notify(method) {
      child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
    },
  };
}

async function httpClient(child: ChildProcess, stderr: () => string): Promise<Client> {
  while (!/port \d+/.test(stderr()))
    await Promise.race([once(child.stderr ?? child, 'data'), once(child, 'exit')]);
  const url = `http://127.0.0.1:${/port (\d+)/.exec(stderr())?.[1]}/mcp`;
  let lastId = 0;
  let session: string | null = null;
  const post = async (message: Message): Promise<string> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify(message),
    });
    session ??= response.headers.get('mcp-session-id');
    return await response.text();
  };
  return {
    async request(method, params) {
      const text = await post({ jsonrpc: '2.0', id: ++lastId, method, params });
      return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Message;
    },
    async notify(method) {
      await post({ jsonrpc: '2.0', method });
    },
  };
}
