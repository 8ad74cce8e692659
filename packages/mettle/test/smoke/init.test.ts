import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';
import { COUNTERS, GREETER, init, projectOf, remove, run } from '../init/projects.ts';
import { jestModules } from './jest.ts';

/*
 * What init writes, used: the job's steps one after the other, the tests under a jest that is installed, and a published
 * server's own folder.
 */

vi.setConfig({ testTimeout: 600_000 });

const made: string[] = [];
afterEach(() => made.splice(0).forEach(remove));

/** `npm run smoke` gives the steps of the job the time that a user would; `npm test` sees that they pass. */
const all = process.env['METTLE_SMOKE'] === 'all';
const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const git = ['-c', 'user.name=smoke', '-c', 'user.email=smoke@example.test'];

interface Job {
  readonly jobs: {
    readonly mettle: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] };
  };
}

test('the steps of the CI job pass on a healthy server, and leave a summary', async () => {
  const folder = projectOf(COUNTERS);
  made.push(folder);
  writeFileSync(join(folder, '.gitignore'), 'node_modules\nmettle-report\n');
  for (const words of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-qm', 'First'],
  ])
    expect((await run(folder, ['git', ...git, ...words])).code).toBe(0);
  const written = await init(folder, '--yes', '--budget', all ? '15' : '8');
  expect(written.code, written.stderr).toBe(0);
  expect(written.stdout).toMatch(
    /wrote mettle\.baseline\.json: \d+ starts? of the server, at commit [0-9a-f]{8}/,
  );
  // As a user would who has little time.
  const budget = all ? 20 : 10;
  const config = join(folder, 'mettle.config.json');
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), budget }));

  const job = parse(readFileSync(join(folder, '.github/workflows/mettle.yml'), 'utf8')) as Job;
  const summary = join(folder, 'summary.md');
  for (const { name, run: command } of job.jobs.mettle.steps) {
    // Installed is what the repository has.
    if (command === undefined || name === 'Install') continue;
    const { code, stdout, stderr } = await run(folder, ['bash', '-e', '-c', command], {
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_ACTIONS: 'true',
    });
    expect(code, `${name ?? ''}: ${stdout}\n${stderr}`).toBe(0);
  }
  expect(readFileSync(summary, 'utf8')).toMatch(/counters/);
  expect(readdirSync(join(folder, 'mettle-report/check'))).toEqual(
    expect.arrayContaining(['report.html', 'result.md', 'result.sarif']),
  );
});

// `npm test` has time for the tests of races under Node's own runner (test/init); they are the same, as jest runs them.
test.runIf(all)(
  'the tests of races run under jest, and are skipped by one that takes no ES modules',
  async () => {
    const folder = projectOf(GREETER, { installed: false });
    made.push(folder);
    const modules = join(folder, 'node_modules');
    cpSync(jestModules(), modules, {
      recursive: true,
      verbatimSymlinks: true,
    });
    for (const name of ['mettle', 'zod', '@modelcontextprotocol']) {
      mkdirSync(modules, { recursive: true });
      symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name), 'dir');
    }
    const written = await init(folder, '--yes', '--no-baseline');
    expect(written.code, written.stderr).toBe(0);
    const jest = 'node_modules/jest/bin/jest.js';
    const raced = await run(folder, [process.execPath, '--experimental-vm-modules', jest, 'test/races']);
    expect(raced.code, raced.stdout + raced.stderr).toBe(0);
    expect(raced.stderr).toMatch(/Tests: +2 passed, 2 total/);
    const plain = await run(folder, [process.execPath, jest, 'test/races']);
    expect(plain.code, plain.stderr).toBe(0);
    expect(plain.stderr).toMatch(/Tests: +2 skipped/);
  },
);

test('a published server gets calls that work and tests that name what they need', async () => {
  const release = '2026.8.31';
  const installed = inject('serverFolders')[`@modelcontextprotocol/server-memory@${release}`] ?? '';
  const folder = projectOf({}, { installed: false });
  made.push(folder);
  cpSync(join(installed, 'node_modules/@modelcontextprotocol/server-memory'), folder, { recursive: true });
  symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const { code, stdout, stderr } = await init(folder, '--yes', '--no-baseline', '--allow-writes');
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('over stdio: node dist/index.js, from "bin"');
  expect(stdout).toMatch(/✗ create_entities: lost-update/);
  const { calls } = JSON.parse(readFileSync(join(folder, 'mettle.workload.json'), 'utf8')) as {
    readonly calls: readonly { readonly tool: string }[];
  };
  expect(calls.map(({ tool }) => tool)).toEqual(['read_graph', 'search_nodes', 'open_nodes']);
  unlinkSync(join(folder, 'node_modules'));
});
