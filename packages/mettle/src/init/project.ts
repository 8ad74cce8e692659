import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../evidence/index.ts';

export type TestRunner = 'vitest' | 'jest' | 'node:test';
export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** What a server's project folder says of itself. */
export interface Project {
  readonly folder: string;
  readonly name: string;
  readonly manifest: Manifest;
  /** SDK v1, v2, or none that package.json names. */
  readonly sdk: { readonly name: string; readonly generation: 1 | 2 } | null;
  readonly typescript: boolean;
  /** `"type": "module"`: what a .js file is. */
  readonly modules: boolean;
  readonly runner: TestRunner;
  /** Why the runner is not the one that the project uses; null when it is. */
  readonly runnerNote: string | null;
  /** Where tests are, relative; `test` where there are none yet. */
  readonly testFolder: string;
  readonly packageManager: PackageManager;
  readonly hasLockFile: boolean;
  readonly ci: ExistingCi;
  readonly nodeVersion: string;
  /** Whether `mettle/testing` and `@mettle/runtime` can be imported from here. */
  readonly hasMettle: boolean;
  readonly hasRuntime: boolean;
}

export interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly main?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  readonly packageManager?: string;
  readonly jest?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Which CI the repository has, and where its workflows belong. */
export interface ExistingCi {
  /** The top of the git work tree; null outside of git. */
  readonly root: string | null;
  readonly branch: string;
  /** A workflow that runs Mettle already, relative to the project. */
  readonly ours: string | null;
  /** The file of another CI system, where there is no GitHub workflow. */
  readonly other: string | null;
}

/** The line of Node.js under long-term support when this was written. */
const USUAL_NODE = '24';
const LOCK_FILES: readonly (readonly [string, PackageManager])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];
const OTHER_CI = [
  '.gitlab-ci.yml',
  'Jenkinsfile',
  '.circleci/config.yml',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  '.travis.yml',
];

/** Reads the project in `folder`. Throws UsageError when there is none. */
export function readProject(folder: string): Project {
  const manifest = readManifest(folder);
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies };
  const lock = lockFileOf(folder);
  return {
    folder,
    name: manifest.name ?? basename(folder),
    manifest,
    sdk: sdkOf(dependencies),
    typescript: existsSync(join(folder, 'tsconfig.json')) || 'typescript' in dependencies,
    modules: manifest.type === 'module',
    ...runnerOf(folder, manifest, dependencies),
    testFolder: ['test', 'tests', '__tests__'].find((name) => existsSync(join(folder, name))) ?? 'test',
    packageManager: managerOf(manifest, lock),
    hasLockFile: lock !== null,
    ci: ciOf(folder),
    nodeVersion: nodeVersionOf(folder, manifest),
    hasMettle: resolves(folder, 'mettle/testing'),
    hasRuntime: resolves(folder, '@mettle/runtime/memory'),
  };
}

function readManifest(folder: string): Manifest {
  const file = join(folder, 'package.json');
  if (!existsSync(file))
    throw new UsageError(
      `There is no package.json in ${folder}: run mettle init in the folder of the server's project, or name it with --cwd.`,
    );
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new UsageError(`${file} holds no object.`);
  return read;
}

function sdkOf(dependencies: Readonly<Record<string, string>>): Project['sdk'] {
  if ('@modelcontextprotocol/server' in dependencies)
    return { name: '@modelcontextprotocol/server', generation: 2 };
  return '@modelcontextprotocol/sdk' in dependencies
    ? { name: '@modelcontextprotocol/sdk', generation: 1 }
    : null;
}

/** The runner that the test script starts; else the one that is installed; else Node's own, which needs nothing. */
function runnerOf(
  folder: string,
  { scripts, jest }: Manifest,
  dependencies: Readonly<Record<string, string>>,
): Pick<Project, 'runner' | 'runnerNote'> {
  const script = scripts?.['test'] ?? '';
  const hasVitest = 'vitest' in dependencies || hasConfig(folder, 'vitest.config.');
  const hasJest = 'jest' in dependencies || jest !== undefined || hasConfig(folder, 'jest.config.');
  if (/\bvitest\b/.test(script) || (hasVitest && !/\bjest\b|--test\b/.test(script)))
    return { runner: 'vitest', runnerNote: null };
  if (/\bjest\b/.test(script) || (hasJest && !/--test\b/.test(script))) return jestOf(folder, jest);
  const known = script === '' || /--test\b|no test specified/.test(script);
  return {
    runner: 'node:test',
    runnerNote: known
      ? null
      : `"npm test" runs "${script}", which Mettle does not know: the tests are for Node's own runner`,
  };
}

/** A jest that is told which files are tests would not see ours. */
function jestOf(folder: string, inManifest: unknown): Pick<Project, 'runner' | 'runnerNote'> {
  const config = filesBeginning(folder, 'jest.config.').map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  const isTold = /\b(testMatch|testRegex|roots)\b/.test(config.join() + JSON.stringify(inManifest ?? {}));
  return isTold
    ? {
        runner: 'node:test',
        runnerNote: "jest's configuration says which files are tests: these are for Node's own runner",
      }
    : { runner: 'jest', runnerNote: null };
}

function hasConfig(folder: string, beginning: string): boolean {
  return filesBeginning(folder, beginning).length > 0;
}

function filesBeginning(folder: string, beginning: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith(beginning));
}

function lockFileOf(folder: string): PackageManager | null {
  return LOCK_FILES.find(([name]) => existsSync(join(folder, name)))?.[1] ?? null;
}

function managerOf({ packageManager }: Manifest, lock: PackageManager | null): PackageManager {
  const named = /^(npm|pnpm|yarn|bun)@/.exec(packageManager ?? '')?.[1];
  return (named as PackageManager | undefined) ?? lock ?? 'npm';
}

function nodeVersionOf(folder: string, { engines }: Manifest): string {
  for (const name of ['.nvmrc', '.node-version']) {
    const file = join(folder, name);
    const version = existsSync(file) ? /^v?(\d+[\d.]*)\s*$/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
    if (version !== undefined) return version;
  }
  const major = Number(/^[\^~>=\s]*v?(\d+)/.exec(engines?.node ?? '')?.[1]);
  // "At least" is what a server claims; it is examined on what it will most likely run on.
  return major > Number(USUAL_NODE) ? String(major) : USUAL_NODE;
}

function ciOf(folder: string): ExistingCi {
  const root = gitRootOf(folder);
  const workflows = join(folder, '.github/workflows');
  const files = existsSync(workflows) ? readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name)) : [];
  const ours = files.find((name) => runsMettle(readFileSync(join(workflows, name), 'utf8')));
  return {
    root,
    branch: root === null ? 'main' : branchOf(root),
    ours: ours === undefined ? null : `.github/workflows/${ours}`,
    other: files.length > 0 ? null : (OTHER_CI.find((name) => existsSync(join(folder, name))) ?? null),
  };
}

function runsMettle(workflow: string): boolean {
  return /\bmettle (check|bench)\b|uses:.*\bmettle\b/.test(workflow);
}

function gitRootOf(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder;
  const above = dirname(folder);
  return above === folder ? null : gitRootOf(above);
}

/** The branch that stands here when it is one of the usual main ones. */
function branchOf(root: string): string {
  try {
    const head = readFileSync(join(root, '.git/HEAD'), 'utf8');
    return /refs\/heads\/(main|master|trunk|develop)\s*$/.exec(head)?.[1] ?? 'main';
  } catch {
    // A worktree, whose .git is a file.
    return 'main';
  }
}

function resolves(folder: string, specifier: string): boolean {
  try {
    createRequire(join(folder, 'package.json')).resolve(specifier);
    return true;
  } catch (error) {
    // Packages of ES modules alone have nothing for `require`, but they are there.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}
