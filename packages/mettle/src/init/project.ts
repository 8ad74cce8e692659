import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import { ciOf, foldersAbove, type ExistingCi } from './repository.ts';

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
  /** Where the lock file stands: here, or in a folder above, in which a workspace is installed; null without one. */
  readonly lockFile: { readonly folder: string; readonly name: string } | null;
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
/** Reads the project in `folder`. Throws UsageError when there is none. */
export function readProject(folder: string): Project {
  const manifest = readManifest(folder);
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies };
  const ci = ciOf(folder);
  const folders = [folder, ...foldersAbove(folder, ci)];
  const lock = lockFileOf(folders);
  return {
    folder,
    name: manifest.name ?? basename(folder),
    manifest,
    sdk: sdkOf(dependencies),
    typescript: existsSync(join(folder, 'tsconfig.json')) || 'typescript' in dependencies,
    modules: manifest.type === 'module',
    ...runnerOf(folder, manifest, dependencies),
    testFolder: ['test', 'tests', '__tests__'].find((name) => existsSync(join(folder, name))) ?? 'test',
    packageManager: managerOf(folders, manifest) ?? lock?.manager ?? 'npm',
    lockFile: lock,
    ci,
    nodeVersion: nodeVersionOf(folders, manifest),
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

/** The nearest one; a package of a workspace has its top's. */
function lockFileOf(
  folders: readonly string[],
): { readonly folder: string; readonly name: string; readonly manager: PackageManager } | null {
  for (const folder of folders)
    for (const [name, manager] of LOCK_FILES)
      if (existsSync(join(folder, name))) return { folder, name, manager };
  return null;
}

function managerOf(folders: readonly string[], own: Manifest): PackageManager | null {
  const manifests = [own, ...folders.slice(1).map(manifestIn)];
  const named = manifests.find((manifest) => manifest?.packageManager !== undefined)?.packageManager;
  return (/^(npm|pnpm|yarn|bun)@/.exec(named ?? '')?.[1] as PackageManager | undefined) ?? null;
}

/** Of a folder above, which may have none. */
function manifestIn(folder: string): Manifest | null {
  try {
    return readManifest(folder);
  } catch {
    return null;
  }
}

function nodeVersionOf(folders: readonly string[], { engines }: Manifest): string {
  for (const folder of folders)
    for (const name of ['.nvmrc', '.node-version']) {
      const file = join(folder, name);
      const version = existsSync(file)
        ? /^v?(\d+[\d.]*)\s*$/.exec(readFileSync(file, 'utf8'))?.[1]
        : undefined;
      if (version !== undefined) return version;
    }
  const major = Number(/^[\^~>=\s]*v?(\d+)/.exec(engines?.node ?? '')?.[1]);
  // "At least" is what a server claims; it is examined on what it will most likely run on.
  return major > Number(USUAL_NODE) ? String(major) : USUAL_NODE;
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
