import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

interface Run {
  /** Resolves with the first match in what the server says on stderr. */
  says(what: RegExp): Promise<RegExpExecArray>;
  send(message: object): void;
  kill(signal: NodeJS.Signals): void;
  endInput(): void;
  exited: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(mode: string, deadlineMs: number): Run {
  const file = fileURLToPath(new URL('./server.js', import.meta.url));
  const child = spawn(process.execPath, [file, mode, String(deadlineMs)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk) => (said[stream] += String(chunk)));
  const exited = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return {
    says: async (what) => {
      for (;;) {
        const match = what.exec(said.stderr);
        if (match !== null) return match;
        await once(child.stderr, 'data');
      }
    },
    send: (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    kill: (signal) => child.kill(signal),
    endInput: () => child.stdin.end(),
    exited,
  };
}

async function calling(tool: string, mode: string, deadlineMs: number): Promise<Run> {
  const run = start(mode, deadlineMs);
  await run.says(/listening/);
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  };
  run.send({ id: 1, method: 'initialize', params });
  run.send({ method: 'notifications/initialized' });
  run.send({ id: 2, method: 'tools/call', params: { name: tool } });
  await run.says(/started/);
  return run;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s a running call is still answered, then the process exits with 0',
  async (signal) => {
    const run = await calling('slow', 'stdio', 10_000);
    run.kill(signal);
    const { code, stdout, stderr } = await run.exited;
    expect(stdout).toContain('"text":"300"');
    expect(stderr).toMatch(new RegExp(`${signal}: shutting down.*\\n[^]*shutdown took \\d+ ms`));
    expect(code).toBe(0);
  },
);

test('when stdin ends, so does the server, after its running call', async () => {
  const run = await calling('slow', 'stdio', 10_000);
  run.endInput();
  const { code, stdout } = await run.exited;
  expect(stdout).toContain('"text":"300"');
  expect(code).toBe(0);
});

test('a call that never ends is given up within the deadline', async () => {
  const run = await calling('never', 'stdio', 3000);
  run.kill('SIGTERM');
  const { code, stderr } = await run.exited;
  expect(stderr).toMatch(/shutdown took|did not finish within 3000 ms/);
  expect(code).toBe(0);
});

test('a second signal exits at once, with the code that shells give it', async () => {
  const run = await calling('never', 'stdio', 60_000);
  run.kill('SIGTERM');
  await run.says(/shutting down/);
  run.kill('SIGTERM');
  const { code, stderr } = await run.exited;
  expect(stderr).toContain('SIGTERM again: exiting at once');
  expect(code).toBe(143);
});

test('a step that fails does not keep the others from running, and shows in the exit code', async () => {
  const run = start('failing', 10_000);
  await run.says(/listening/);
  run.kill('SIGTERM');
  const { code, stderr } = await run.exited;
  expect(stderr).toContain('shutdown: closing failed: database gone');
  expect(code).toBe(1);
});

test('an HTTP server with open idle connections exits, and does not mind the end of stdin', async () => {
  const run = start('http', 10_000);
  const [, port] = await run.says(/listening (\d+)/);
  run.endInput();
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('served');
  run.kill('SIGTERM');
  expect((await run.exited).code).toBe(0);
});
