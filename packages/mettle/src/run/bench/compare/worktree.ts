import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from '../../../evidence/index.ts';

/** Another version of the project, checked out in a folder of its own. */
export interface Worktree {
  /** Of the checkout: the counterpart of `root`. */
  readonly dir: string;
  /** Of the repository as it stands. */
  readonly root: string;
  readonly commit: string;
  /** What was done to make it run, for people. */
  readonly prepared: readonly string[];
  remove(): void;
}

const run = promisify(execFile);
/** Lock files, and how their tools install exactly what they say. */
const INSTALLERS: readonly (readonly [lock: string, ...command: string[]])[] = [
  ['package-lock.json', 'npm', 'ci', '--no-audit', '--no-fund'],
  ['npm-shrinkwrap.json', 'npm', 'ci', '--no-audit', '--no-fund'],
  ['pnpm-lock.yaml', 'pnpm', 'install', '--frozen-lockfile'],
  ['yarn.lock', 'yarn', 'install', '--frozen-lockfile'],
  ['bun.lock', 'bun', 'install', '--frozen-lockfile'],
];
/** A cold install of a large project; whoever waits longer has Ctrl-C. */
const INSTALL_MS = 600_000;

const open = new Set<Worktree>();

/** Removes every checkout that is still there, synchronously: for 'exit' handlers. */
export function removeAllWorktrees(): void {
  for (const worktree of open) worktree.remove();
}

/**
 * Checks out `ref` of the repository around `cwd` into a temporary folder, with dependencies: those that are installed
 * here where the lock file is the same, freshly installed ones where it is not. `needed`: files that the target names;
 * one of the repository that git does not keep is made by the project's build.
 * Throws UsageError in words for people; leaves nothing behind then.
 */
export async function checkOut(
  cwd: string,
  ref: string,
  needed: readonly string[],
  signal: AbortSignal,
): Promise<Worktree> {
  const root = await git(
    cwd,
    ['rev-parse', '--show-toplevel'],
    `${cwd} is in no git repository, so there is no ${ref} to compare with.`,
  );
  const commit = await git(
    root,
    ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`],
    `git knows no commit "${ref}" here; in CI, fetch it first (actions/checkout with fetch-depth: 0).`,
  );
  const dir = realpathSync(await mkdtemp(join(tmpdir(), 'mettle-worktree-')));
  const prepared: string[] = [];
  const worktree: Worktree = {
    dir,
    root,
    commit,
    prepared,
    remove() {
      open.delete(worktree);
      try {
        execFileSync('git', ['-C', root, 'worktree', 'remove', '--force', dir], { stdio: 'ignore' });
      } catch {
        // Not yet, or no longer, known to git: the folder goes all the same.
      }
      rmSync(dir, { recursive: true, force: true });
      try {
        execFileSync('git', ['-C', root, 'worktree', 'prune'], { stdio: 'ignore' });
      } catch {
        // The repository is gone; so is its list.
      }
    },
  };
  open.add(worktree);
  try {
    await git(
      root,
      ['worktree', 'add', '--detach', '--force', dir, commit],
      `git could not check out ${ref}.`,
    );
    await provideDependencies(root, dir, prepared, signal);
    await build(root, dir, needed, prepared, signal);
    return worktree;
  } catch (error) {
    worktree.remove();
    throw error;
  }
}

async function git(cwd: string, args: readonly string[], otherwise: string): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', cwd, ...args]);
    return stdout.trim();
  } catch (error) {
    const said = ((error as { readonly stderr?: string }).stderr ?? '').trim().split('\n').at(-1);
    throw new UsageError(
      `--compare: ${otherwise}${said === undefined || said === '' ? '' : ` git says: ${said}`}`,
    );
  }
}

async function provideDependencies(
  root: string,
  dir: string,
  prepared: string[],
  signal: AbortSignal,
): Promise<void> {
  const folders = await packageFolders(dir);
  for (const folder of folders) {
    const installer = INSTALLERS.find(([lock]) => existsSync(join(dir, folder, lock)));
    const here = join(root, folder, 'node_modules');
    if (
      installer !== undefined &&
      !(existsSync(here) && sameText(join(root, folder, installer[0]), join(dir, folder, installer[0])))
    ) {
      const [, command = 'npm', ...args] = installer;
      await prepare(command, args, join(dir, folder), signal);
      prepared.push(
        `dependencies installed by ${[command, ...args].join(' ')}${folder === '' ? '' : ` in ${folder}`}`,
      );
      continue;
    }
    const there = join(dir, folder, 'node_modules');
    if (!existsSync(here) || existsSync(there)) continue;
    linkModules(here, there, root, dir);
    prepared.push(
      `dependencies of ${folder === '' ? 'the project' : folder} linked, as they are installed here`,
    );
  }
}

/** Folders with a package.json that git keeps; the project's own first. */
async function packageFolders(dir: string): Promise<readonly string[]> {
  const { stdout } = await run('git', ['-C', dir, 'ls-files', '--', 'package.json', '*/package.json'], {
    maxBuffer: 1 << 26,
  });
  const folders = stdout
    .split('\n')
    .filter(Boolean)
    .map((file) => dirname(file))
    .map((folder) => (folder === '.' ? '' : folder));
  return [...new Set(['', ...folders])].filter((folder) => existsSync(join(dir, folder, 'package.json')));
}

/**
 * A folder of links, entry by entry. Links of a workspace lead back into the repository: in the checkout they must lead
 * to its own packages, or the version would be compared with itself.
 */
function linkModules(from: string, to: string, root: string, dir: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const source = join(from, name);
    if (name.startsWith('@') && lstatSync(source).isDirectory()) {
      linkModules(source, join(to, name), root, dir);
      continue;
    }
    symlinkSync(counterpart(source, root, dir), join(to, name), 'junction');
  }
}

function counterpart(source: string, root: string, dir: string): string {
  if (!lstatSync(source).isSymbolicLink()) return source;
  let real: string;
  try {
    real = realpathSync(source);
  } catch {
    return source; // A link that leads nowhere does so there, too.
  }
  const inside = relative(realpathSync(root), real);
  const foreign = inside.startsWith('..') || inside.split(sep).includes('node_modules');
  const own = join(dir, inside);
  return foreign || !existsSync(own) ? source : own;
}

async function build(
  root: string,
  dir: string,
  needed: readonly string[],
  prepared: string[],
  signal: AbortSignal,
): Promise<void> {
  const missing = needed
    .filter((file) => existsSync(file))
    .map((file) => relative(realpathSync(root), realpathSync(file)))
    .find((file) => !file.startsWith('..') && !isAbsolute(file) && !existsSync(join(dir, file)));
  if (missing === undefined) return;
  const folder = nearestWithBuild(dir, dirname(missing));
  if (folder === null)
    throw new UsageError(
      `--compare: git does not keep ${missing}, and no package.json above it has a "build" script to make it. Compare with a command instead: --compare 'node /path/to/old/server.js'.`,
    );
  await prepare('npm', ['run', 'build'], folder, signal);
  if (!existsSync(join(dir, missing)))
    throw new UsageError(`--compare: "npm run build" of that version made no ${missing}.`);
  prepared.push('built by npm run build');
}

function nearestWithBuild(dir: string, from: string): string | null {
  for (let folder = join(dir, from); folder.startsWith(dir); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { scripts } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly scripts?: Readonly<Record<string, string>>;
    };
    if (scripts?.['build'] !== undefined) return folder;
  }
  return null;
}

async function prepare(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await run(command, [...args], { cwd, signal, timeout: INSTALL_MS, maxBuffer: 1 << 26 });
  } catch (error) {
    signal.throwIfAborted();
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    const last = (stderr ?? '').trim().split('\n').at(-1) || message.split('\n')[0];
    throw new UsageError(
      `--compare: "${[command, ...args].join(' ')}" of that version failed: ${last ?? ''}`,
    );
  }
}

function sameText(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && readFileSync(a, 'utf8') === readFileSync(b, 'utf8');
}
