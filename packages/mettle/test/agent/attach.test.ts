import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentEnvironment } from '../../src/agent/location.ts';
import { openAgentChannel } from '../../src/collect/channel.ts';
import { fixture, launch, TEST_NODE } from './target.ts';

/** Runs a script with the agent until it ends. */
async function run(
  args: readonly string[],
  socketPath: string,
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(TEST_NODE, args, {
    env: {
      ...process.env,
      ...agentEnvironment({ socketPath, inheritedNodeOptions: undefined, exitWithMettle: true }),
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, code };
}

describe('the agent in a process', () => {
  it('says hello, and otherwise leaves a process alone that is no server', async () => {
    const channel = await openAgentChannel();
    const result = await run(
      ['-e', 'console.log("done"); new (require("worker_threads").Worker)("0", {eval: true})'],
      channel.socketPath,
    );
    expect(result).toEqual({ stdout: 'done\n', stderr: '', code: 0 });
    expect(channel.hellos).toHaveLength(1);
    expect(channel.hellos[0]).toMatchObject({
      type: 'hello',
      instruments: ['blocking', 'overlap', 'waiting'],
    });
    expect(await channel.serving(0)).toBeNull();
    expect(channel.stdoutWriters).toEqual([]);
    await channel.close();
  });

  it('leaves stdin to whoever reads it, and ends with the process although stdin stays open', async () => {
    const channel = await openAgentChannel();
    const script =
      'const bytes = Buffer.alloc(9); setTimeout(() => require("fs").writeSync(1, bytes.subarray(0, require("fs").readSync(0, bytes))), 50)';
    const child = spawn(TEST_NODE, ['-e', script], {
      env: {
        ...process.env,
        ...agentEnvironment({
          socketPath: channel.socketPath,
          inheritedNodeOptions: undefined,
          exitWithMettle: true,
        }),
      },
    });
    child.stdin.write('some text');
    let stdout = '';
    child.stdout.on('data', (data) => (stdout += String(data)));
    await once(child, 'close');
    expect(stdout).toBe('some text');
    await channel.close();
  });

  it('is silent where Mettle is not listening', async () => {
    expect(await run(['-e', 'console.log("done")'], '/nonexistent/mettle.sock')).toEqual({
      stdout: 'done\n',
      stderr: '',
      code: 0,
    });
  });

  it('recognises the server behind a shell and a Node wrapper, and gives its children the environment back', async () => {
    const channel = await openAgentChannel();
    const wrapper = `require('child_process').spawn(${JSON.stringify(TEST_NODE)}, [${JSON.stringify(fixture('stdio-environment.mjs'))}], {stdio: 'inherit'})`;
    const environment = agentEnvironment({
      socketPath: channel.socketPath,
      inheritedNodeOptions: '--no-deprecation',
      exitWithMettle: true,
    });
    const child = spawn('sh', ['-c', '"$0" -e "$1"; true', TEST_NODE, wrapper], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...environment,
        NODE_OPTIONS: `--no-deprecation ${environment['NODE_OPTIONS']}`,
      },
    });
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const answer = JSON.parse(line.toString()) as { result: { env: Record<string, string>; pid: number } };
    const agent = await channel.serving(5_000);
    expect(agent?.pid).toBe(answer.result.pid);
    expect(agent?.via).toBe('stdio');
    expect(answer.result.env).toEqual({ NODE_OPTIONS: '--no-deprecation' });
    expect(channel.hellos.length).toBe(2);
    await channel.close();
    child.stdin.end();
    await once(child, 'close');
  });

  it('ends with Mettle, even when the server ignores SIGTERM', async () => {
    const target = await launch([fixture('stdio-stubborn.mjs')]);
    const exit = once(target.process, 'exit');
    // As if Mettle had been killed: the connection goes without a goodbye.
    cutOff(target.channel);
    expect(await exit).toEqual([null, 'SIGKILL']);
    await target.channel.close();
  });

  it('lives on after a goodbye, inert', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    await target.agent.start('blocking', { samplingIntervalUs: 1_000, sliceThresholdMs: 4, maxSlices: 10 });
    await target.channel.close();
    await target.agent.closed;
    expect(await target.call('noop')).toMatchObject({ result: { content: [{ text: 'ok' }] } });
    await expect(target.agent.counters()).rejects.toThrow('gone');
    await target.stop();
    expect(target.process.exitCode).toBe(0);
    expect(target.stderr()).toBe('');
  });

  it('answers counters, and refuses what makes no sense in one sentence', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    const first = await target.agent.counters();
    await target.call('burn');
    const second = await target.agent.counters();
    expect(second.atMs - first.atMs).toBeGreaterThan(0);
    if (first.mainCpuMs !== null && second.mainCpuMs !== null)
      expect(second.mainCpuMs - first.mainCpuMs).toBeGreaterThan(55);
    expect(second.heapUsedBytes).toBeGreaterThan(1e6);
    await expect(target.agent.stop('blocking')).rejects.toThrow(
      'The agent in the server refused: the instrument "blocking" is not on.',
    );
    await target.agent.start('overlap', { subject: 'noop', inFlight: 1 });
    await expect(
      target.agent.start('blocking', { samplingIntervalUs: 1_000, sliceThresholdMs: 4, maxSlices: 10 }),
    ).rejects.toThrow('stop it first');
    await target.stop();
  });

  it('tells who writes to stdout, before the first message and in a tool, secrets redacted', async () => {
    const target = await launch([fixture('stdio-noisy.mjs')]);
    await target.call('pollute');
    await target.agent.start('blocking', { samplingIntervalUs: 1_000, sliceThresholdMs: 4, maxSlices: 10 });
    await target.call('pollute');
    await target.agent.stop('blocking');
    await target.stop();
    const writers = target.channel.stdoutWriters;
    expect(writers.map(({ subject, sample }) => [subject, sample])).toEqual([
      [null, 'Server is starting'],
      [null, 'hello from the tool, token=***'],
      ['pollute', 'hello from the tool, token=***'],
    ]);
    expect(writers.map(({ stack }) => stack[0]?.file.split('/').pop())).toEqual([
      'stdio-noisy.mjs',
      'tools.mjs',
      'tools.mjs',
    ]);
    expect(writers[1]?.stack[0]?.function).toBe('pollute');
  });

  it('does not take messages written in several pieces for noise', async () => {
    const target = await launch([fixture('stdio-events.mjs')]);
    await target.call('noop');
    await target.stop();
    expect(target.channel.stdoutWriters).toEqual([]);
  });

  it('keeps every byte of messages that are cut, joined or huge while an instrument is on', async () => {
    const target = await launch([fixture('stdio-echo.mjs')]);
    await target.agent.start('blocking', { samplingIntervalUs: 1_000, sliceThresholdMs: 4, maxSlices: 10 });
    const texts = ['é€😀', 'x'.repeat(300_000), 'a\\n"b'];
    const sent = Buffer.from(
      texts
        .map(
          (text, id) =>
            `${JSON.stringify({ jsonrpc: '2.0', id: 100 + id, method: 'tools/call', params: { name: `tool${id}`, arguments: { text } } })}\n`,
        )
        .join(''),
    );
    const answered = new Promise<void>((resolve) => {
      target.process.stdout?.on('data', () => {
        if (target.stdoutLines.length >= 1 + texts.length) resolve();
      });
    });
    // Cuts within characters, within lines, and just before and after newlines.
    for (const [from, to] of [
      [0, 118],
      [118, 119],
      [119, 150_000],
      [150_000, sent.length - 1],
      [sent.length - 1, sent.length],
    ] as const) {
      target.process.stdin?.write(sent.subarray(from, to));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await answered;
    const blocking = await target.agent.stop('blocking');
    await target.stop();
    const echoed = target.stdoutLines
      .slice(1)
      .map((line) => (JSON.parse(line) as { result: { text: string } }).result.text);
    expect(echoed).toEqual(texts);
    expect(blocking.subjects.slice(1)).toEqual(['tool0', 'tool1', 'tool2']);
    expect(blocking.calls.slice(1)).toEqual([1, 1, 1]);
  });
});

describe('the channel', () => {
  it('removes its socket, and close can be called twice', async () => {
    const channel = await openAgentChannel();
    expect(existsSync(channel.socketPath)).toBe(true);
    const waiting = channel.serving(60_000);
    await channel.close();
    await channel.close();
    expect(await waiting).toBeNull();
    if (process.platform !== 'win32') expect(existsSync(dirname(channel.socketPath))).toBe(false);
  });
});

/** Closes the sockets as the kernel does when a process is killed. */
function cutOff(channel: object): void {
  for (const socket of process['_getActiveHandles' as 'getActiveResourcesInfo']() as unknown as {
    destroy?: () => void;
    server?: unknown;
    _pipeName?: string;
  }[]) {
    if (socket.server !== undefined && socket.server !== null && isOf(channel, socket.server))
      socket.destroy?.();
  }
}
function isOf(channel: object, server: unknown): boolean {
  const { socketPath } = channel as { socketPath: string };
  return (server as { address?: () => unknown }).address?.() === socketPath;
}
