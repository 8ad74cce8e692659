import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHere } from './run-here.ts';
import type { AgainstDocument } from '../../src/report/against/document.ts';
import { complaintsAbout, resultIn } from '../builders/published-schemas.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const SICK = fileURLToPath(new URL('../../../sick-servers/hash-on-main-thread/sick.js', import.meta.url));
/** Answers tools/list, which it declares, without a list. */
const LISTS_NOTHING = fileURLToPath(new URL('../session/fixtures/raw-server.mjs', import.meta.url));
/** A run against a real server: seconds, more on a busy machine. */
const SLOW_MS = 90_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  readonly stderrHas: (text: string) => Promise<void>;
} {
  const child = spawn(process.execPath, [METTLE, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  const watching = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      for (const look of watching) look();
    });
  const finished = once(child, 'close').then(([code]): Finished => ({ code: code as number | null, ...out }));
  const stderrHas = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (out.stderr.includes(text)) resolve();
      };
      watching.add(look);
      look();
    });
  return { child, finished, stderrHas };
}

/** Command lines of all processes that mention the text; Linux only. */
async function processesThatMention(text: string): Promise<readonly string[]> {
  if (!existsSync('/proc/self/cmdline')) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
}

describe('the command line', () => {
  test.each([
    [[], 2, 'Mettle examines an MCP server'],
    [['chekc'], 2, '"chekc" is no command'],
    [['check', '--format', 'xml', '--', 'node', 'x'], 2, '--format: this version writes'],
    [['check', '--quiet', '--', 'node', 'missing.js'], 3, 'missing.js'],
  ])(
    'mettle %j ends with %i and one sentence',
    async (args, code, sentence) => {
      const { code: seen, stdout, stderr } = await start(args).finished;
      expect({ code: seen, said: stderr + (args.length === 0 ? stdout : '') }).toEqual({
        code,
        said: expect.stringContaining(sentence),
      });
      expect(stderr).not.toMatch(/^\s+at .*mettle/m);
    },
    SLOW_MS,
  );

  test.each([
    [['init', '--', 'node', 'x'], 2, 'There is no package.json in'],
    [['check'], 2, 'No target: name one as'],
    [['check', '--fail-on', 'p99', '--', 'node', 'x'], 2, '--fail-on: "p99" is no severity'],
    [
      ['check', '--budget', '-3', '--', 'node', 'x'],
      2,
      "'--budget' argument is ambiguous, since what follows it begins with a dash: write --option=value. Run",
    ],
    [
      ['check', '--fail-on', 'high,p99>2x', '--', 'node', 'x'],
      2,
      '"p99>2x" is a limit on a figure, and mettle check would never fail by it',
    ],
    ...['check', 'bench', 'leak', 'race', 'profile'].map((command): [string[], number, string] => [
      [command, '--out', `${METTLE}/runs`, '--', 'node', 'x'],
      2,
      'mettle.js is no folder: name another folder with --out DIR',
    ]),
    [['check', '--cwd', 'nowhere', '--', 'node', 'x'], 2, 'nowhere does not exist or is no folder'],
    [['check', '--http', 'localhost'], 2, '--http takes'],
    [['check', '--config', 'gone.json', '--server', 'x'], 2, 'gone.json does not exist'],
    [['check', '--config', 'gone.json'], 2, '--config needs --server NAME'],
    [['check', '--workload', 'gone.json', '--', 'node', 'x'], 2, 'gone.json'],
    [['report', 'nowhere'], 2, 'is not a Mettle bundle'],
    [
      ['check', '--quiet', '--http', 'http://127.0.0.1:9/mcp'],
      3,
      'Nothing listens at http://127.0.0.1:9/mcp',
    ],
    [['check', '--quiet', '--', 'no-such-command'], 3, '"no-such-command" was not found'],
    ...['check', 'bench', 'leak', 'race'].map((command): [string[], number, string] => [
      [command, '--quiet', '--era', '2025', '--', process.execPath, LISTS_NOTHING],
      3,
      'The server cannot list its tools: the answer has no list "tools".',
    ]),
  ])(
    'mettle %j ends with %i and one sentence, whoever runs it',
    async (args, code, sentence) => {
      const { code: seen, stderr } = await runHere(args, folder);
      expect({ code: seen, said: stderr }).toEqual({ code, said: expect.stringContaining(sentence) });
      expect(stderr).not.toMatch(/^\s+at .*mettle/m);
    },
    SLOW_MS,
  );

  test(
    'a server that could not be reached is still a result for programs',
    async () => {
      const { finished } = start([
        'check',
        '--quiet',
        '--format',
        'json',
        '--',
        'node',
        '-e',
        'process.exit(4)',
      ]);
      const { code, stdout } = await finished;
      const result = resultIn(stdout);
      expect(code).toBe(3);
      expect(result.checks.protocol).toMatchObject({ status: 'found', findings: [{ id: 'unreachable' }] });
      expect(result.checks.cpu.status).toBe('skipped');
    },
    SLOW_MS,
  );

  test(
    'whoever read its progress may leave: the result is written all the same',
    async () => {
      const { child, finished } = start(['check', '--format', 'json', '--http', 'http://127.0.0.1:9/mcp']);
      child.stderr?.destroy();
      const { code, stdout } = await finished;
      expect({ code, id: resultIn(stdout).findings[0]?.id }).toEqual({ code: 3, id: 'unreachable' });
    },
    SLOW_MS,
  );

  test(
    'piped, stdout carries the asked format and nothing else; the run is kept and can be rendered again',
    async () => {
      const { finished } = start([
        'check',
        '--format',
        'json',
        '--budget',
        '6',
        '--out',
        'kept',
        '--',
        'node',
        SICK,
      ]);
      const { code, stdout, stderr } = await finished;
      const result = resultIn(stdout);
      expect(code).toBe(1);
      expect(result.findings).toContainEqual(
        expect.objectContaining({ id: 'blocked-event-loop', tool: 'login' }),
      );
      expect(stderr).toContain('mettle: timing each call alone');
      expect(await readFile(join(folder, 'kept', 'result.json'), 'utf8')).toBe(stdout);
      const again = await runHere(['report', 'kept', '--format', 'json'], folder);
      expect(again).toMatchObject({ code: 0, stdout });
      for (const [bar, judged] of [
        ['high', 1],
        ['lost-update', 0],
      ] as const)
        expect(await runHere(['report', 'kept', '--fail-on', bar], folder)).toMatchObject({ code: judged });
      const twice = await runHere(['report', 'kept', '--against', 'kept', '--format', 'json'], folder);
      const beside = JSON.parse(twice.stdout) as AgainstDocument;
      expect(complaintsAbout('against', beside, true), 'by schema/against.schema.json').toEqual([]);
      expect(beside.stayed.map(({ after }) => after)).toEqual(result.findings);
    },
    SLOW_MS,
  );

  test(
    'Ctrl-C stops the server, keeps what was measured and says where',
    async () => {
      const mark = `--mark-${process.pid}`;
      const { child, finished, stderrHas } = start(['check', '--out', 'cut', '--', 'node', SICK, mark]);
      await stderrHas('timing each call alone');
      child.kill('SIGINT');
      const { code, stderr } = await finished;
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted; what was measured until then is in cut');
      expect(await processesThatMention(mark)).toEqual([]);
      const kept = resultIn(await readFile(join(folder, 'cut', 'result.json'), 'utf8'));
      expect(kept.checks.serialisation).toEqual({
        status: 'skipped',
        why: expect.stringContaining('interrupted'),
      });
    },
    SLOW_MS,
  );

  test(
    'options and calls may stand in mettle.config.json',
    async () => {
      const config = {
        command: ['node', SICK],
        budget: 3,
        quiet: true,
        format: 'json',
        calls: [{ tool: 'no_such_tool' }],
      };
      await writeFile(join(folder, 'mettle.config.json'), JSON.stringify(config));
      const { code, stderr } = await start(['check']).finished;
      await rm(join(folder, 'mettle.config.json'));
      expect(stderr).toContain('no_such_tool');
      expect(code).toBe(2);
    },
    SLOW_MS,
  );
});
