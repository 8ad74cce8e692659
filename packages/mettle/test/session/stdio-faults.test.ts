import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TargetSpec } from '../../src/evidence/index.ts';
import { openSession, TargetError, type OpenOptions } from '../../src/session/index.ts';
import { fixturesDirectory, stdio } from './targets.ts';

async function failure(spec: TargetSpec, options: OpenOptions = {}): Promise<TargetError> {
  const error: unknown = await openSession(spec, options).then(
    ({ session }) => session.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TargetError)) throw new Error(`expected a TargetError, got ${String(error)}`);
  expect(error.reach.failed).toMatchObject({ phase: error.phase, message: error.message });
  return error;
}

function command(...words: [string, ...string[]]): TargetSpec {
  return { kind: 'stdio', command: words, env: {}, cwd: fixturesDirectory };
}

describe('a stdio target that cannot be reached is described in one sentence:', { timeout: 30_000 }, () => {
  it('a command that does not exist', async () => {
    const error = await failure(command('no-such-command-anywhere'));
    expect(error.message).toBe(
      'The command "no-such-command-anywhere" was not found: check its spelling, or give its full path.',
    );
    expect(error.phase).toBe('spawn');
  });

  it('a command with its arguments in one pair of quotes', async () => {
    const error = await failure(command('node raw-server.mjs'));
    expect(error.message).toBe(
      'There is no program "node raw-server.mjs": if these are a program and its arguments, leave out the quotes around them.',
    );
  });

  it('a file that may not be executed', async () => {
    const error = await failure(command('./raw-server.mjs'));
    expect(error.message).toContain('may not be executed');
    expect(error.phase).toBe('spawn');
  });

  it('a working directory that does not exist', async () => {
    const error = await failure({ ...stdio('raw-server.mjs'), cwd: '/no/such/directory' });
    expect(error.message).toBe(
      'The working directory /no/such/directory does not exist: give another with --cwd.',
    );
  });

  it('a script that does not exist', async () => {
    const error = await failure(command(process.execPath, 'missing.js'));
    expect(error.message).toMatch(
      /^The server exited with code 1 before it answered; it last wrote "Error: Cannot find module '.*missing\.js'"\.$/,
    );
    expect(error.phase).toBe('spawn');
    expect(error.reach.failed?.stderrTail.join('\n')).toContain('MODULE_NOT_FOUND');
  });

  it('a server that exits at once', async () => {
    const error = await failure(stdio('raw-server.mjs', 'exits', 'code=3'));
    expect(error.message).toBe(
      'The server exited with code 3 before it answered; it last wrote "Error: DATABASE_URL is not set".',
    );
  });

  it('a server that is killed', async () => {
    const error = await failure(stdio('raw-server.mjs', 'killed'));
    expect(error.message).toBe('The server was killed by SIGKILL before it answered.');
  });

  it('a server that prints something else and exits', async () => {
    const error = await failure(stdio('raw-server.mjs', 'greets-and-exits'));
    expect(error.message).toBe(
      'The server exited with code 0 before it answered; it wrote "Server running on http://localhost:3000" to stdout instead of JSON-RPC.',
    );
  });

  it('a server that prints something else and waits', async () => {
    const error = await failure(stdio('raw-server.mjs', 'greets', 'deaf'), { handshakeTimeoutMs: 3000 });
    expect(error.message).toBe(
      'The server did not answer initialize within 3 s; it wrote "Server running on http://localhost:3000" to stdout instead of JSON-RPC.',
    );
    expect(error.phase).toBe('handshake');
  });

  it('a server that never answers', async () => {
    const error = await failure(stdio('raw-server.mjs', 'deaf'), { handshakeTimeoutMs: 400 });
    expect(error.message).toBe('The server did not answer initialize within 0.4 s.');
  });

  it('a server that answers initialize with an error', async () => {
    const error = await failure(stdio('raw-server.mjs', 'refuses'));
    expect(error.message).toBe('The server answered initialize with error -32603: "licence expired".');
  });

  it('a server that speaks an unknown version', async () => {
    const error = await failure(stdio('raw-server.mjs', 'version=1999-01-01'));
    expect(error.message).toContain(
      'The server chose protocol version "1999-01-01" in the handshake, but Mettle speaks 2025-11-25',
    );
  });

  it('a server whose answer is not JSON-RPC 2.0', async () => {
    const error = await failure(stdio('raw-server.mjs', 'malformed'));
    expect(error.message).toBe(
      'The server answered initialize with a malformed message: it lacks "jsonrpc": "2.0".',
    );
  });

  it('a server that does not speak the era asked for', async () => {
    const error = await failure(stdio('raw-server.mjs'), { era: '2026' });
    expect(error.message).toBe('The server answered server/discover with error -32601: "Method not found".');
  });
});

describe('a stdio target with other troubles', { timeout: 30_000 }, () => {
  it('is not held up by a flood on stderr, of which the last lines are kept', async () => {
    const { session } = await openSession(stdio('raw-server.mjs', 'floods-stderr'), { era: '2025' });
    await session.close();
    const tail = session.process?.stderrTail() ?? [];
    expect(tail.length).toBeLessThanOrEqual(20);
    expect(tail.every((line) => line.length <= 500)).toBe(true);
  });

  it('leaves nothing behind when opening is cancelled', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    const controller = new AbortController();
    const opening = openSession(
      { ...stdio('raw-server.mjs', 'deaf'), cwd: directory },
      { era: '2025', signal: controller.signal },
    );
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(opening).rejects.toThrow('enough');
    await rm(directory, { recursive: true });
  });
});
