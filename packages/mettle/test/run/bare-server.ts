import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { listeningPortsOf } from '../../src/session/listening-ports.ts';
import { TEST_NODE } from '../agent/target.ts';

type Message = Readonly<Record<string, unknown>>;

/** A server that knows nothing of Mettle, and a client that knows just enough. */
export interface BareServer {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Lines on stdout that are no JSON-RPC. */
  readonly noise: readonly string[];
  stderr(): string;
  stderrHas(text: string): Promise<void>;
  call(tool: string, parameters?: Message): Promise<Message>;
  /** Calls the tools in turn until told to end. */
  keepCalling(tools: readonly string[]): Traffic;
  /** The ports on which the process listens; null where that cannot be known. */
  ports(): readonly number[] | null;
  kill(): Promise<void>;
}

/** A client that goes on calling. */
export interface Traffic {
  /** When so many more calls have been answered. */
  answered(more: number): Promise<void>;
  end(): Promise<{ readonly calls: number; readonly failed: number }>;
}

const agentFixture = (name: string): string =>
  fileURLToPath(new URL(`../agent/fixtures/${name}`, import.meta.url));
export const ownFixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Starts a fixture of the agent's tests by name, or any file by path, and shakes hands. */
export async function startBare(
  args: readonly string[],
  nodeOptions: readonly string[] = ['--inspect-port=0'],
): Promise<BareServer> {
  const [file = '', ...rest] = args;
  const child = spawn(TEST_NODE, [...nodeOptions, file.includes('/') ? file : agentFixture(file), ...rest], {
    stdio: 'pipe',
  });
  const closed = once(child, 'close');
  let stderr = '';
  const stderrHas = async (text: string): Promise<void> => {
    while (!stderr.includes(text))
      await Promise.race([
        once(child.stderr, 'data'),
        closed.then(() => Promise.reject(new Error(`the server ended: ${stderr}`))),
      ]);
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const noise: string[] = [];
  const request = file.includes('http-') ? await overHttp(stderrHas, () => stderr) : overStdio(child, noise);
  await request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  await request('notifications/initialized', null);
  const call = (tool: string, parameters: Message = {}): Promise<Message> =>
    request('tools/call', { name: tool, arguments: parameters });
  return {
    pid: child.pid ?? 0,
    process: child,
    noise,
    stderr: () => stderr,
    stderrHas,
    call,
    keepCalling: (tools) => keepCalling(call, tools),
    ports: () => listeningPortsOf(child.pid ?? 0)?.map(({ port }) => port) ?? null,
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function keepCalling(call: BareServer['call'], tools: readonly string[]): Traffic {
  const told = { calls: 0, failed: 0 };
  const heard = new EventEmitter();
  let ended = false;
  const goOn = async (): Promise<typeof told> => {
    const { result } = (await call(tools[told.calls++ % tools.length] ?? '')) as {
      readonly result?: Message;
    };
    if (result === undefined || result['isError'] === true) told.failed++;
    heard.emit('answer');
    return ended ? told : await goOn();
  };
  const done = goOn();
  return {
    async answered(more) {
      for (let left = more; left > 0; left--) await once(heard, 'answer');
    },
    end() {
      ended = true;
      return done;
    },
  };
}

/** `params` null: a notification, which is not answered. */
type Request = (method: string, params: Message | null) => Promise<Message>;

function overStdio(child: ReturnType<typeof spawn>, noise: string[]): Request {
  const waiting = new Map<unknown, (reply: Message) => void>();
  let lastId = 0;
  child.stdin?.on('error', () => {});
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return void noise.push(line);
      const reply = JSON.parse(line) as Message;
      waiting.get(reply['id'])?.(reply);
    });
  }
  const send = (message: Message): void =>
    void child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  return async (method, params) => {
    if (params === null) {
      send({ method });
      return {};
    }
    const id = ++lastId;
    return await new Promise((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  };
}

async function overHttp(stderrHas: (text: string) => Promise<void>, stderr: () => string): Promise<Request> {
  await stderrHas('port ');
  const url = `http://127.0.0.1:${/port (\d+)/.exec(stderr())?.[1]}/mcp`;
  let lastId = 0;
  let session: string | null = null;
  return async (method, params) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', method, ...(params === null ? {} : { id: ++lastId, params }) }),
    });
    session ??= response.headers.get('mcp-session-id');
    const text = await response.text();
    return text === '' ? {} : (JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Message);
  };
}
