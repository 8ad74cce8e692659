import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseWorkload } from '../../src/load/index.ts';
import {
  BUILT,
  COUNTERS,
  filesOf,
  GREETER,
  init,
  initHere,
  NOTEBOOK,
  projectOf,
  remove,
  run,
} from './projects.ts';

// Servers are started, and raced many times over: on a busy machine that alone takes a minute.
vi.setConfig({ testTimeout: 240_000 });

const made: string[] = [];
function project(...args: Parameters<typeof projectOf>): string {
  const folder = projectOf(...args);
  made.push(folder);
  return folder;
}
afterEach(() => made.splice(0).forEach(remove));

describe('a server of SDK v1 on stdio', () => {
  test('gets config, workload, tests of races and a CI job; a second run changes nothing and says so', async () => {
    const folder = project(NOTEBOOK);
    const first = await init(folder, '--yes', '--no-baseline');
    expect(first.code, first.stderr).toBe(0);
    const files = filesOf(folder);
    expect(Object.keys(files)).toEqual([
      '.github/workflows/mettle.yml',
      'mettle.config.json',
      'mettle.workload.json',
      'package.json',
      'src/server.js',
      'test/races/add_note.test.js',
      'test/races/wipe.test.js',
    ]);
    expect(JSON.parse(files['mettle.config.json'] ?? '')).toEqual({
      command: ['node', 'src/server.js'],
      workload: 'mettle.workload.json',
    });
    // Neither what writes nor what reaches somebody else's service.
    const workload = parseWorkload(JSON.parse(files['mettle.workload.json'] ?? ''), 'mettle.workload.json');
    expect(workload.calls).toMatchObject([
      { tool: 'search_notes', arguments: { query: expect.stringMatching(/ \{i\}$/) } },
    ]);
    expect(first.stdout).toContain('ask_web: not in the workload, it reaches somebody else’s service');
    expect(first.stdout).toContain('+++ b/mettle.config.json');
    expect(files['src/server.js']).toBe(NOTEBOOK['src/server.js']);

    const second = await initHere(folder, '--yes', '--no-baseline');
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toContain('Nothing to do: the set-up is there. Nothing was changed.');
    expect(filesOf(folder)).toEqual(files);
  });

  test('has tests of races, tried with --allow-writes, that run in its own runner; what destroys is skipped', async () => {
    const folder = project(NOTEBOOK);
    const tried = await init(folder, '--yes', '--no-baseline', '--allow-writes');
    expect(tried.stdout).toMatch(/✗ add_note: (lost-update|torn-read): its test fails until that is mended/);
    expect(tried.stdout).not.toContain('wipe: no race');
    const tests = ['add_note', 'wipe'].map((tool) => `test/races/${tool}.test.js`);
    const { code, stdout } = await run(folder, [
      process.execPath,
      '--test',
      '--test-name-pattern=two calls',
      ...tests,
    ]);
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/races? between add_note and add_note/);
    expect(stdout).toContain('src/server.js:12');
    expect(stdout).toMatch(/wipe: two calls at once # SKIP/);
    expect(stdout).toMatch(/# fail 1\n/);
    expect(existsSync(join(folder, 'notes.json'))).toBe(false);
  });

  test('logs its memory only when asked, and still answers', async () => {
    const folder = project(NOTEBOOK);
    const { stdout } = await initHere(folder, '--yes', '--no-baseline', '--memory-log');
    expect(stdout).toContain('changed src/server.js');
    const [before, after] = [
      NOTEBOOK['src/server.js'] ?? '',
      readFileSync(join(folder, 'src/server.js'), 'utf8'),
    ];
    const added = after.split('\n').filter((line) => !before.split('\n').includes(line));
    expect(added.join('\n')).toMatch(
      /^import \{ watchMemory \} from '@mettle\/runtime\/memory';\n\/\/ .*\nwatchMemory\(\);$/,
    );
    const again = await initHere(folder, '--yes', '--no-baseline', '--memory-log');
    expect(again.stdout).toContain('notebook 1.2.0 over stdio');
    expect(again.stdout).toContain('Nothing to do');
  });
});

describe('a server of SDK v2 in TypeScript over HTTP', () => {
  // `npm test` has time for the tests of one runner: those of node:test, above.
  test.runIf(process.env['METTLE_SMOKE'] === 'all')(
    'is found where it listens; its tests run in vitest, beside each other, and pass',
    async () => {
      const folder = project(COUNTERS);
      const { code, stdout, stderr } = await init(folder, '--yes', '--no-baseline', '--allow-writes');
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('@modelcontextprotocol/server (SDK v2), TypeScript, vitest, npm');
      expect(stdout).toMatch(/✓ count: no race in \d+ schedules/);
      const files = filesOf(folder);
      expect(JSON.parse(files['mettle.config.json'] ?? '')).toEqual({
        http: 'http://127.0.0.1:18733/mcp',
        command: ['node', '--import', 'tsx', 'src/server.ts'],
        env: { PORT: '18733' },
        workload: 'mettle.workload.json',
      });
      const tested = await run(folder, ['npx', '--no', '--', 'vitest', 'run', 'test/races']);
      expect(tested.code, tested.stdout + tested.stderr).toBe(0);
      expect(tested.stdout).toMatch(/Tests +2 passed/);
    },
  );
});

describe('a server that is built', () => {
  test('is started as built; the CI job builds it, and the memory log goes into the source', async () => {
    const folder = project(BUILT);
    const { code, stdout } = await initHere(folder, '--yes', '--no-baseline', '--memory-log');
    expect(code, stdout).toBe(0);
    expect(readFileSync(join(folder, 'src/index.ts'), 'utf8')).toMatch(
      /\} from "@modelcontextprotocol\/sdk\/server\/stdio\.js";\nimport \{ watchMemory \} from "@mettle\/runtime\/memory";\n/,
    );
    expect(stdout).toContain('No tool says that it only reads');
    expect(existsSync(join(folder, 'mettle.workload.json'))).toBe(false);
    const job = parse(readFileSync(join(folder, '.github/workflows/mettle.yml'), 'utf8')) as {
      readonly jobs: { readonly mettle: { readonly steps: readonly { readonly run?: string }[] } };
    };
    const commands = job.jobs.mettle.steps.flatMap(({ run: command }) => command ?? []);
    expect(commands.slice(0, 3)).toEqual([
      'npm ci',
      'npm run build',
      'npx --no -- mettle check --quiet --format github --format md --format sarif --out mettle-report/check',
    ]);
    expect(commands).toContain('npx --no -- vitest run test/races');
  });

  test('that was not built yet is told how, and nothing is written', async () => {
    const folder = project(BUILT);
    unlinkSync(join(folder, 'dist/index.js'));
    const before = filesOf(folder);
    const { code, stderr } = await initHere(folder, '--yes');
    expect(code).toBe(2);
    expect(stderr).toMatch(/"node dist\/index\.js", which is not there: build it first \(npm run build\)/);
    expect(filesOf(folder)).toEqual(before);
  });
});

describe('a server of SDK v2 on stdio, tested by jest', () => {
  test('gets tests that jest without ES modules skips rather than fails', async () => {
    const folder = project(GREETER);
    const { code, stderr } = await initHere(folder, '--yes', '--no-baseline');
    expect(code, stderr).toBe(0);
    const text = readFileSync(join(folder, 'test/races/greet.test.js'), 'utf8');
    expect(text).toContain("process.execArgv.includes('--experimental-vm-modules') ? test : test.skip");
    expect(text).not.toMatch(/^import /m);
  });
});

describe('nothing is written', () => {
  test('by --dry-run, which shows the diff', async () => {
    const folder = project(NOTEBOOK);
    const before = filesOf(folder);
    const { code, stdout } = await initHere(folder, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\+\+\+ b\/\.github\/workflows\/mettle\.yml$/m);
    expect(stdout).toMatch(/^\+watchMemory\(\);$/m);
    expect(stdout).toMatch(
      /Nothing was written: without --dry-run, mettle init would write 5 files and measure/,
    );
    expect(filesOf(folder)).toEqual(before);
  });

  test('without a terminal to ask on, which is told with exit code 2', async () => {
    const folder = project(NOTEBOOK);
    const before = filesOf(folder);
    const { code, stdout, stderr } = await initHere(folder);
    expect(code).toBe(2);
    expect(stdout).toContain('+++ b/mettle.config.json');
    expect(stderr).toMatch(
      /nothing was written: there is no terminal to ask on\. Pass --yes to write 5 files/,
    );
    expect(filesOf(folder)).toEqual(before);
  });

  test('when the server does not come up, which is told with its last words and exit code 3', async () => {
    const folder = project({ ...NOTEBOOK, 'src/server.js': 'throw new Error("no database");' });
    const before = filesOf(folder);
    const { code, stderr } = await initHere(folder, '--yes');
    expect(code).toBe(3);
    expect(stderr).toContain('no database');
    expect(stderr).not.toMatch(/at .*packages\/mettle/);
    expect(filesOf(folder)).toEqual(before);
  });

  test('outside of the project, wherever links lead', async () => {
    const folder = project(NOTEBOOK);
    const outside = mkdtempSync(join(tmpdir(), 'mettle-outside-'));
    made.push(outside);
    symlinkSync(outside, join(folder, '.github'), 'dir');
    const { code, stderr } = await initHere(folder, '--yes', '--no-baseline');
    expect(code).toBe(2);
    expect(stderr).toMatch(/\.github\/workflows\/mettle\.yml leads out of .* by a symbolic link/);
    expect(filesOf(outside)).toEqual({});
  });

  test('where there is no project', async () => {
    const folder = project({}, { installed: false });
    const { code, stderr } = await initHere(folder, '--yes');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /There is no package\.json in .*: run mettle init in the folder of the server's project/,
    );
  });
});

describe('what is there is kept', () => {
  test('files that the user changed, unless --overwrite says so', async () => {
    const folder = project(NOTEBOOK);
    await initHere(folder, '--yes', '--no-baseline');
    const own =
      '{ "schema": "mettle/workload@1", "calls": [{ "tool": "search_notes", "arguments": { "query": "milk" } }] }';
    writeFileSync(join(folder, 'mettle.workload.json'), own);
    const kept = await initHere(folder, '--yes', '--no-baseline');
    expect(kept.stdout).toMatch(
      /mettle\.workload\.json: there already, and not as mettle init would write it: kept/,
    );
    expect(readFileSync(join(folder, 'mettle.workload.json'), 'utf8')).toBe(own);
    const replaced = await initHere(folder, '--yes', '--no-baseline', '--overwrite');
    expect(replaced.stdout).toMatch(/^-.*milk/m);
    expect(readFileSync(join(folder, 'mettle.workload.json'), 'utf8')).not.toContain('milk');
  });

  test('a CI job that runs Mettle already, and a config in another form, whose server is used', async () => {
    const folder = project({
      ...NOTEBOOK,
      '.github/workflows/ci.yml': 'jobs: { a: { steps: [{ run: npx mettle check }] } }',
      'mettle.config.js': "export default { command: ['node', 'src/server.js'], env: { NOTES: 'x' } };",
    });
    const { code, stdout } = await initHere(folder, '--yes', '--no-baseline');
    expect(code).toBe(0);
    expect(stdout).toContain('No CI job: .github/workflows/ci.yml runs Mettle already.');
    const files = Object.keys(filesOf(folder));
    expect(files).not.toContain('mettle.config.json');
    expect(files).not.toContain('.github/workflows/mettle.yml');
    expect(stdout).toContain('from mettle.config.js');
  });

  test('secrets of the command line are not written down', async () => {
    const folder = project(NOTEBOOK);
    const { stdout } = await initHere(
      folder,
      '--yes',
      '--no-baseline',
      '--env',
      'API_TOKEN=abc123',
      '--env',
      'MODE=test',
    );
    expect(stdout).toContain('Not written down, since the names are those of secrets: API_TOKEN.');
    const files = filesOf(folder);
    expect(JSON.parse(files['mettle.config.json'] ?? '')).toMatchObject({ env: { MODE: 'test' } });
    expect(Object.values(files).join()).not.toContain('abc123');
  });
});

test('the config is read from the folder that --cwd names, with its files', async () => {
  const folder = project(NOTEBOOK);
  await initHere(folder, '--yes', '--no-baseline');
  const elsewhere = project({}, { installed: false });
  mkdirSync(join(elsewhere, 'runs'));
  const mettle = join(folder, 'node_modules/mettle/bin/mettle.js');
  const words = `bench --cwd ${folder} --duration 500ms --warm-up 100ms --no-pin --quiet --format json --out runs/bench`;
  const { code, stdout, stderr } = await run(elsewhere, [process.execPath, mettle, ...words.split(' ')]);
  expect(code, stderr).toBe(0);
  const { tools } = JSON.parse(stdout) as {
    readonly tools: readonly { readonly name: string; readonly calls: number }[];
  };
  expect(tools.find(({ name }) => name === 'search_notes')?.calls).toBeGreaterThan(0);
});
