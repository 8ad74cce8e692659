import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readProject, setUpOf, writeChange } from '../../src/init/index.ts';
import type { Look, SetUp } from '../../src/init/index.ts';
import { filesOf, initHere, NOTEBOOK, projectOf, remove } from './projects.ts';

const made: string[] = [];
afterEach(() => made.splice(0).forEach(remove));

const WORKFLOW = '.github/workflows/mettle.yml';
const READS: Look = {
  server: null,
  protocolVersion: '2025-11-25',
  tools: 1,
  calls: [{ tool: 'search', arguments: {}, failure: null }],
  leftOut: [],
  writers: [],
};

/** A repository with these files. */
function repository(files: Readonly<Record<string, string>>): string {
  const folder = projectOf({ '.git/HEAD': 'ref: refs/heads/main\n', ...files });
  made.push(folder);
  return folder;
}

function setUp(folder: string): SetUp {
  const spec = { kind: 'stdio', command: ['node', 'server.js'], env: {}, cwd: folder } as const;
  return setUpOf(readProject(folder), spec, READS, { config: null, baseline: false, memory: false });
}

interface Job {
  readonly name: string;
  readonly on: Readonly<
    Record<
      'push' | 'pull_request',
      { readonly branches?: readonly string[]; readonly paths: readonly string[] }
    >
  >;
  readonly jobs: {
    readonly mettle: {
      readonly defaults: { readonly run: { readonly 'working-directory': string } };
      readonly steps: readonly {
        readonly name?: string;
        readonly uses?: string;
        readonly run?: string;
        readonly 'working-directory'?: string;
        readonly with?: Readonly<Record<string, unknown>>;
      }[];
    };
  };
}

function workflowOf(folder: string): { readonly file: string; readonly job: Job } {
  const change = setUp(folder).changes.find(({ file }) => file.includes('.github/'));
  expect(change).toBeDefined();
  return { file: change?.file ?? '', job: parse(change?.after ?? '') as Job };
}

const server = (name: string, more: object = {}): string =>
  JSON.stringify({ name, scripts: { start: 'node server.js' }, ...more });

describe('a server in a package of a repository', () => {
  test('gets its CI job at the top, which works in the package and runs when the package changes', () => {
    const top = repository({ 'packages/search/package.json': server('search') });
    const { file, job } = workflowOf(join(top, 'packages/search'));
    expect(file).toBe(`../../${WORKFLOW}`);
    expect(job.name).toBe('mettle (packages/search)');
    expect(job.jobs.mettle.defaults.run['working-directory']).toBe('packages/search');
    const paths = ['packages/search/**', WORKFLOW];
    expect(job.on).toEqual({ push: { branches: ['main'], paths }, pull_request: { paths } });
    const upload = job.jobs.mettle.steps.find(({ uses }) => uses?.includes('upload-artifact') === true);
    expect(upload?.with).toMatchObject({ path: 'packages/search/mettle-report' });
  });

  test('is installed where the lock file is, with its manager, and follows the packages that it is linked to', () => {
    const top = repository({
      'package.json': JSON.stringify({ private: true, packageManager: 'pnpm@10.0.0' }),
      'pnpm-lock.yaml': '',
      '.nvmrc': '22\n',
      'servers/search/package.json': server('search', { dependencies: { words: 'workspace:*', zod: '4' } }),
      'packages/words/package.json': JSON.stringify({ name: 'words', dependencies: { letters: '*' } }),
      'packages/letters/package.json': JSON.stringify({ name: 'letters' }),
    });
    const link = (from: string, name: string): void => {
      mkdirSync(join(top, from, 'node_modules'), { recursive: true });
      symlinkSync(join(top, 'packages', name), join(top, from, 'node_modules', name), 'dir');
    };
    link('servers/search', 'words');
    link('packages/words', 'letters');
    const { job } = workflowOf(join(top, 'servers/search'));
    expect(job.on.pull_request.paths).toEqual([
      'servers/search/**',
      'packages/letters/**',
      'packages/words/**',
      'pnpm-lock.yaml',
      WORKFLOW,
    ]);
    const { steps } = job.jobs.mettle;
    expect(steps.find(({ name }) => name === 'Install')).toMatchObject({
      run: 'pnpm install --frozen-lockfile',
      'working-directory': '.',
    });
    const node = steps.find(({ uses }) => uses?.includes('setup-node') === true);
    expect(node?.with).toEqual({ 'node-version': '22', cache: 'pnpm' });
  });

  test('with a lock file of its own is installed in its folder, and cached by that file', () => {
    const top = repository({ 'mcp/package.json': server('mcp'), 'mcp/package-lock.json': '{}' });
    const { steps } = workflowOf(join(top, 'mcp')).job.jobs.mettle;
    expect(steps.find(({ name }) => name === 'Install')).toEqual({ name: 'Install', run: 'npm ci' });
    const node = steps.find(({ uses }) => uses?.includes('setup-node') === true);
    expect(node?.with).toMatchObject({ cache: 'npm', 'cache-dependency-path': 'mcp/package-lock.json' });
  });

  test('that is the second one gets a job of another name; each finds its own again', () => {
    const top = repository({
      'packages/search/package.json': server('search'),
      'packages/search-more/package.json': server('search-more'),
    });
    const folders = ['packages/search', 'packages/search-more'].map((path) => join(top, path));
    const files = folders.map((folder) => {
      const change = setUp(folder).changes.find(({ file }) => file.includes('.github/'));
      if (change !== undefined) writeChange(folder, change);
      return change?.file;
    });
    expect(files).toEqual([`../../${WORKFLOW}`, '../../.github/workflows/mettle-packages-search-more.yml']);
    for (const folder of folders)
      expect(setUp(folder).changes.filter(({ file }) => file.includes('.github/'))).toMatchObject([
        { kind: 'same' },
      ]);
  });

  test('for which a workflow of the repository runs Mettle already gets none; for another package’s it does', () => {
    const top = repository({
      'apps/a/package.json': server('a'),
      'apps/b/package.json': server('b'),
      '.github/workflows/ci.yml': 'jobs: { a: { steps: [{ run: npx mettle check --cwd apps/a }] } }',
    });
    const first = setUp(join(top, 'apps/a'));
    expect(first.changes.map(({ file }) => file)).not.toContain(`../../${WORKFLOW}`);
    expect(first.notes).toContain('No CI job: .github/workflows/ci.yml runs Mettle already.');
    expect(workflowOf(join(top, 'apps/b')).file).toBe(`../../${WORKFLOW}`);
  });

  test('is told of the CI of another system at the top', () => {
    const top = repository({ 'apps/a/package.json': server('a'), '.gitlab-ci.yml': '' });
    expect(setUp(join(top, 'apps/a')).notes.join('\n')).toContain(
      'No CI job: the project has .gitlab-ci.yml',
    );
  });

  test('writes nothing out of the repository, wherever links lead', () => {
    const top = repository({ 'apps/a/package.json': server('a') });
    const outside = mkdtempSync(join(tmpdir(), 'mettle-outside-'));
    made.push(outside);
    symlinkSync(outside, join(top, '.github'), 'dir');
    expect(() => setUp(join(top, 'apps/a'))).toThrow(
      /\.github\/workflows\/mettle\.yml leads out of .* by a symbolic link/,
    );
    expect(filesOf(outside)).toEqual({});
  });
});

test('mettle init in a package shows the job as a diff and writes it at the top', async () => {
  const files = Object.entries(NOTEBOOK).map(([file, text]) => [`packages/notes/${file}`, text] as const);
  const top = repository(Object.fromEntries(files));
  writeFileSync(join(top, 'package.json'), JSON.stringify({ private: true, workspaces: ['packages/*'] }));
  const folder = join(top, 'packages/notes');
  const first = await initHere(folder, '--yes', '--no-baseline');
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain(`+++ ../../${WORKFLOW}`);
  expect(first.stdout).toContain(`wrote ../../${WORKFLOW}`);
  expect(existsSync(join(folder, '.github'))).toBe(false);
  expect(readFileSync(join(top, WORKFLOW), 'utf8')).toContain('working-directory: packages/notes');
}, 120_000);
