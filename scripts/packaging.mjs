/*
 * npm run packaging             packs both packages, judges their types, and uses them in an empty folder, with this Node.js
 * npm run packaging -- --all    the same with the oldest Node.js that is promised and the newest of each line
 * Nothing of the checkout is in reach of that folder: what works there works for whoever installs the packages.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { bin, ensureBuilt, ensureInstalled, npm, npmScript, requireNode, root } from './prepare.mjs';

/**
 * What @mettle/runtime may bring into other people's servers, dependencies included. Measured when the bound was set: 4.4 MB
 * in 5 packages on Linux, most of it lru-cache (twice: ESM and CommonJS, each with its source maps).
 */
const RUNTIME_MOST_BYTES = 5e6;
const RUNTIME_MOST_PACKAGES = 6;
/** Enough for the one slow tool of the server in scripts/packaging. */
const BUDGET_SECONDS = 6;

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle', 'packages/runtime');

const folder = mkdtempSync(join(tmpdir(), 'mettle-packaging-'));
try {
  const tarballs = ['mettle', 'runtime'].map(pack);
  for (const { name, tarball } of tarballs) judgeTypes(name, tarball);
  for (const [version, node] of nodes()) tryWith(version, node, tarballs);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pack(name) {
  const where = join(root, 'packages', name);
  const answer = run(...npm('pack', '--json', '--pack-destination', folder), { cwd: where });
  const said = JSON.parse(answer.slice(answer.indexOf('[')));
  const [{ filename, size, unpackedSize, entryCount }] = said;
  console.log(
    `${filename}: ${bytes(size)} to download, ${bytes(unpackedSize)} unpacked, ${entryCount} files`,
  );
  return { name, tarball: join(folder, filename) };
}

/** Are the types, for whoever imports it, those of the code? ESM only: `require` of it is a matter of Node.js, tried below. */
function judgeTypes(name, tarball) {
  const attw = bin('@arethetypeswrong/cli', 'dist/index.js');
  run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
  console.log(`${name}: types as promised (arethetypeswrong)`);
}

/** This Node.js, or all that are promised. */
function nodes() {
  if (!process.argv.includes('--all')) return [[process.versions.node, process.execPath]];
  const paths = run(process.execPath, [join(root, 'scripts/node-versions.mjs')]);
  return Object.entries(JSON.parse(paths));
}

function tryWith(version, node, tarballs) {
  const [mettle, runtime] = tarballs.map(({ tarball }) => tarball);
  const alone = installed(version, node, 'runtime-alone', [runtime]);
  const size = bytesBelow(join(alone.where, 'node_modules'));
  console.log(
    `Node ${version}: @mettle/runtime with its dependencies: ${alone.packages} packages, ${bytes(size)}, installed in ${alone.seconds} s`,
  );
  if (size > RUNTIME_MOST_BYTES || alone.packages > RUNTIME_MOST_PACKAGES)
    throw new Error(
      `@mettle/runtime is to stay within ${bytes(RUNTIME_MOST_BYTES)} and ${RUNTIME_MOST_PACKAGES} packages: it goes into other people's servers.`,
    );
  const sdk = ['@modelcontextprotocol/server', 'zod'].map((name) => `${name}@${versionOf(name)}`);
  const both = installed(version, node, 'both', [mettle, runtime, ...sdk]);
  console.log(
    `Node ${version}: mettle, and an SDK, beside it: ${both.packages} packages, installed in ${both.seconds} s`,
  );
  for (const file of ['import-all.mjs', 'server.mjs'])
    cpSync(join(root, 'scripts/packaging', file), join(both.where, file));
  const use = { cwd: both.where, env: environment(node) };
  console.log(`Node ${version}: ${run(node, ['import-all.mjs', 'mettle', '@mettle/runtime'], use).trim()}`);
  examine(version, node, use);
}

function installed(version, node, name, packages) {
  const where = join(folder, version, name);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), '{ "private": true }\n');
  const startedAt = performance.now();
  // As a user would, install scripts included: none of ours may need one.
  run(node, [npmScript(), 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], {
    cwd: where,
    env: environment(node),
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const lock = JSON.parse(readFileSync(join(where, 'node_modules/.package-lock.json'), 'utf8'));
  return { where, seconds, packages: Object.keys(lock.packages).length };
}

/** The version of a package that this checkout has. */
function versionOf(name) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return packages[`node_modules/${name}`].version;
}

/** The installed command: its version, and an examination that finds the one thing that is wrong with a tiny server. */
function examine(version, node, use) {
  const mettle = (...words) => [node, [npmScript(), 'exec', '--no', '--', 'mettle', ...words], use];
  const wanted = JSON.parse(readFileSync(join(root, 'packages/mettle/package.json'), 'utf8')).version;
  const told = run(...mettle('--version')).trim();
  if (told !== wanted) throw new Error(`mettle --version says ${told}, the package ${wanted}.`);
  const words = [
    'check',
    '--budget',
    String(BUDGET_SECONDS),
    '--quiet',
    '--format',
    'json',
    '--',
    'node',
    'server.mjs',
  ];
  const { status, stdout, stderr } = spawnSync(...mettle(...words), { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const found = status === 1 ? JSON.parse(stdout).findings : [];
  const place = found.find(({ id, tool }) => id === 'hash-on-main-thread' && tool === 'seal')?.location;
  if (place === undefined)
    throw new Error(
      `Node ${version}: mettle check ended with ${status} and did not find what is wrong:\n${stdout}\n${stderr}`,
    );
  console.log(
    `Node ${version}: mettle ${told} finds the blocked event loop of a tiny server, at line ${place.line}`,
  );
}

/** What the commands see: the Node.js of the trial first, and nothing of the npm that started us. */
function environment(node) {
  const clean = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_|^INIT_CWD$/i.test(name));
  const registry = process.env.npm_config_registry;
  return {
    ...Object.fromEntries(clean),
    ...(registry === undefined ? {} : { npm_config_registry: registry }),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  };
}

function run(command, words, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    ...options,
  });
  if (status !== 0)
    throw new Error(
      `${command} ${words.join(' ')} failed:\n${stdout ?? ''}${stderr ?? error?.message ?? ''}`,
    );
  return stdout;
}

function bytesBelow(where) {
  return readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function bytes(count) {
  return count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
