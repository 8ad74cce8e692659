import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { startBare } from '../run/bare-server.ts';
import type { BareServer } from '../run/bare-server.ts';
import { resultIn } from '../builders/published-schemas.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
/** The command starts in a second, on a busy machine in five. */
const SLOW_MS = 60_000;

let folder: string;
let server: BareServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  server = await startBare(['stdio-v1.mjs']);
});
afterAll(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Command {
  readonly child: ChildProcess;
  stderrHas(text: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

function mettle(...args: readonly string[]): Command {
  const child = spawn(process.execPath, [METTLE, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    child,
    ended,
    async stderrHas(text) {
      while (!stderr.includes(text)) await Promise.race([once(child.stderr, 'data'), ended]);
    },
  };
}

describe('mettle attach', () => {
  test.each([
    [[], 'takes one process number'],
    [['12', '13'], 'takes one process number'],
    [['server.js'], '"server.js" is none'],
    [['0'], '"0" is none'],
    [['1', '--tool', 'search'], 'so --tool has no meaning for it'],
    [['1', '--seconds', '0'], '--seconds takes a number of seconds from 1 to 300'],
    [['1', '--', 'node', 'server.js'], 'so a command after "--" has no meaning'],
    [['1', '--snapshot'], '--snapshot belongs to --memory'],
    [['1', '--accept-pause', '5'], '--accept-pause belongs to --memory'],
    [['1', '--memory', '--always-on'], '--memory and --always-on do not go together'],
    [['1', '--memory', '--snapshot', '--collect'], '--snapshot and --collect do not go together'],
    [['1', '--memory', '--accept-pause', 'long'], '--accept-pause takes a number of seconds'],
    [['1', '--memory', '--seconds', '90000'], '--seconds takes a number of seconds from 1 to 86400'],
    [['1', '--fail-on', 'p99'], '--fail-on: "p99" is no severity'],
  ])('%j is a usage error in one sentence', async (args, sentence) => {
    const said = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof said): Host['stdout'] => ({
      write: (text) => void (said[name] += text),
      isTerminal: false,
      columns: 80,
    });
    const { signal } = new AbortController();
    const host = { stdout: stream('stdout'), stderr: stream('stderr'), env: {}, cwd: folder, signal };
    const code = await main(['attach', ...args], host);
    expect({ code, ...said }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(sentence) });
    expect(said.stderr.trim().split('\n')).toHaveLength(1);
  });

  test(
    'a process that is not there ends with code 3 and one sentence',
    async () => {
      const gone = spawn(process.execPath, ['-e', '0']);
      await once(gone, 'exit');
      const { code, stdout, stderr } = await mettle('attach', String(gone.pid)).ended;
      expect({ code, stdout, stderr }).toEqual({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^mettle: There is no process \d+ here.*\n$/),
      });
    },
    SLOW_MS,
  );

  test(
    'interrupted, it lets go of the server, keeps what it saw, and `mettle report` renders that again',
    async () => {
      const out = join(folder, 'run');
      const traffic = server.keepCalling(['burn', 'noop']);
      const command = mettle(
        'attach',
        String(server.pid),
        '--seconds',
        '60',
        '--format',
        'json',
        '--out',
        out,
      );
      await command.stderrHas(`watching process ${server.pid}`);
      await traffic.answered(10);
      command.child.kill('SIGINT');
      const { code, stdout, stderr } = await command.ended;
      expect(await traffic.end()).toMatchObject({ failed: 0 });
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted; what was measured until then is in run');
      const result = resultIn(stdout);
      expect(result.findings).toContainEqual(
        expect.objectContaining({ id: 'blocked-event-loop', tool: 'burn' }),
      );
      const again = await mettle('report', out, '--format', 'json').ended;
      expect(JSON.parse(again.stdout)).toEqual(result);
      expect(server.ports() ?? []).toEqual([]);
      expect(server.noise).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'with a finding over the bar it ends with code 1',
    async () => {
      const traffic = server.keepCalling(['burn']);
      const { code, stdout } = await mettle(
        'attach',
        String(server.pid),
        '--seconds',
        '4',
        '--quiet',
        '--fail-on',
        'blocked-event-loop',
      ).ended;
      await traffic.end();
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining('`burn` holds the event loop'),
      });
    },
    SLOW_MS,
  );
});
