import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Ends the process with a sentence when this Node.js is too old for anything here. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  console.error(`Mettle needs Node.js 20.19 or 22.12 and newer; this is ${process.version}.`);
  process.exit(1);
}

/** Installs what package-lock.json asks for, unless it is there already. Ends the process when that fails. */
export function ensureInstalled() {
  const missing = missingPackage();
  if (missing === null) return;
  console.error(`Installing packages (${missing} is missing or outdated) …`);
  // Not `npm ci`: it refuses a lock file without the binaries for every platform, which not every registry has.
  // With --no-save the lock file is followed and left as it is. Nothing here needs a package's install script; one (of
  // msgpackr, below bullmq) would compile where it finds no binary.
  runQuietly(...npm('install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'), 'npm install');
}

/** Builds the given TypeScript projects (all without any) where their sources are newer than what was built. */
export function ensureBuilt(...projects) {
  runQuietly(process.execPath, [bin('typescript', 'bin/tsc'), '-b', ...projects], 'tsc -b');
}

/** The command that runs npm: the one that runs us, else the one on the PATH. */
export function npm(...words) {
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.c?js$/.test(own)) return [process.execPath, [own, ...words]];
  return process.platform === 'win32' ? ['cmd', ['/c', 'npm', ...words]] : ['npm', words];
}

/** npm's own script, to be run by another Node.js than this one. */
export function npmScript() {
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.c?js$/.test(own)) return own;
  const [command, words] = npm('root', '--global');
  const run = spawnSync(command, words, { encoding: 'utf8' });
  return join(run.stdout.trim(), 'npm/bin/npm-cli.js');
}

/** A tool's script inside node_modules. */
export function bin(name, script) {
  return fileURLToPath(new URL(`../node_modules/${name}/${script}`, import.meta.url));
}

/** The first package of package-lock.json that node_modules does not have in that version; null = all there. */
function missingPackage() {
  const wanted = lockedPackages('package-lock.json');
  const installed = lockedPackages('node_modules/.package-lock.json');
  if (installed === null) return 'node_modules';
  if (!existsSync(new URL('../node_modules/.bin/mettle', import.meta.url))) return 'the mettle command';
  for (const [place, entry] of Object.entries(wanted)) {
    // Optional packages are those of other platforms; workspaces have no version of their own there.
    if (!place.startsWith('node_modules/') || entry.optional || entry.link) continue;
    if (installed[place]?.version !== entry.version) return place.replace('node_modules/', '');
  }
  return null;
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** stdout is the result's: what a tool has to say goes to stderr, and only when it fails. */
function runQuietly(command, words, name) {
  const run = spawnSync(command, words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (run.status === 0) return;
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}`);
  console.error(`${name} failed${run.error ? `: ${run.error.message}` : '.'}`);
  process.exit(1);
}
