import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TargetSpec } from '../../src/evidence/index.ts';
import { versionOf } from '../../src/run/bench/compare/version.ts';
import { removeAllWorktrees } from '../../src/run/index.ts';

const { signal } = new AbortController();
let project: string;

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-C', project, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
    encoding: 'utf8',
  });
function write(file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}
const stdio = (command: readonly [string, ...string[]], cwd = project): TargetSpec => ({
  kind: 'stdio',
  command,
  env: {},
  cwd,
});

beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'mettle-version-test-')));
  git('init', '--quiet', '--initial-branch', 'main');
  write('.gitignore', 'node_modules\ndist\n');
  write(
    'package.json',
    JSON.stringify({ name: 'shop', scripts: { build: 'mkdir -p dist && cp server.js dist/' } }),
  );
  write('server.js', '// old\n');
  write('packages/tools/package.json', '{"name":"tools"}');
  write('packages/tools/index.js', '// old tools\n');
  write('node_modules/dep/index.js', '// installed\n');
  symlinkSync('../packages/tools', join(project, 'node_modules/tools'));
  git('add', '--all');
  git('commit', '--quiet', '-m', 'old');
  write('server.js', '// new\n');
  write('packages/tools/index.js', '// new tools\n');
});
afterEach(() => {
  removeAllWorktrees();
  rmSync(project, { recursive: true, force: true });
});

describe('another commit', { timeout: 60_000 }, () => {
  it('is checked out with the dependencies that are installed, and gone afterwards', async () => {
    const version = await versionOf('git:main', stdio(['node', 'server.js']), signal);
    const { cwd } = version.spec;
    expect(readFileSync(join(cwd, 'server.js'), 'utf8')).toBe('// old\n');
    expect(readFileSync(join(cwd, 'node_modules/dep/index.js'), 'utf8')).toBe('// installed\n');
    expect(version.label).toMatch(/^git:main \([0-9a-f]{8}\)$/);
    version.remove();
    expect(existsSync(cwd)).toBe(false);
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  });
  it('uses its own packages of a workspace, not those of the working folder', async () => {
    const version = await versionOf('git:HEAD', stdio(['node', 'server.js']), signal);
    expect(readFileSync(join(version.spec.cwd, 'node_modules/tools/index.js'), 'utf8')).toBe(
      '// old tools\n',
    );
  });
  it('is built where the command names a file that git does not keep', async () => {
    write('dist/server.js', '// new, built\n');
    const version = await versionOf('git:main', stdio(['node', 'dist/server.js']), signal);
    expect(readFileSync(join(version.spec.cwd, 'dist/server.js'), 'utf8')).toBe('// old\n');
    expect(version.prepared).toContain('built by npm run build');
  });
  it('moves absolute paths of the project and leaves all others', async () => {
    const version = await versionOf(
      'git:main',
      stdio([process.execPath, join(project, 'server.js'), '/etc/hosts'], join(project, 'packages/tools')),
      signal,
    );
    const { spec } = version;
    expect(spec.cwd).toMatch(/mettle-worktree-.*packages\/tools$/);
    expect(spec.kind === 'stdio' && spec.command).toEqual([
      process.execPath,
      expect.stringMatching(/mettle-worktree-.*server\.js$/),
      '/etc/hosts',
    ]);
  });
  it('that git does not know is refused in one sentence, and nothing is left', async () => {
    await expect(versionOf('git:nowhere', stdio(['node', 'server.js']), signal)).rejects.toThrow(
      'git knows no commit "nowhere" here; in CI, fetch it first',
    );
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  });
  it('of a server behind a URL gets a port of its own', async () => {
    const version = await versionOf(
      'git:main',
      {
        kind: 'http',
        url: 'http://127.0.0.1:3917/mcp',
        headers: {},
        command: ['node', 'server.js'],
        env: { PORT: '3917' },
        cwd: project,
      },
      signal,
    );
    const { spec } = version;
    const port = spec.kind === 'http' ? new URL(spec.url).port : '';
    expect(port).not.toBe('3917');
    expect(spec.env['PORT']).toBe(port);
  });
  it('of a server whose port stands nowhere is refused with what to do', async () => {
    const spec: TargetSpec = {
      kind: 'http',
      url: 'http://127.0.0.1:3917/mcp',
      headers: {},
      command: ['node', 'server.js'],
      env: {},
      cwd: project,
    };
    await expect(versionOf('git:main', spec, signal)).rejects.toThrow('needs a port of its own');
  });
});

describe('another command', () => {
  it('is split into words as a shell would', async () => {
    const { spec } = await versionOf(
      `node "old dir/server.js" --name 'a b' c\\ d`,
      stdio(['node', 'x.js']),
      signal,
    );
    expect(spec.kind === 'stdio' && spec.command).toEqual([
      'node',
      'old dir/server.js',
      '--name',
      'a b',
      'c d',
    ]);
  });
  it('that is none is refused', async () => {
    await expect(versionOf(' ', stdio(['node', 'x.js']), signal)).rejects.toThrow('--compare takes git:REF');
  });
});
