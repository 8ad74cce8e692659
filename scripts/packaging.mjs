/*
 * npm run packaging             packs both packages, judges their types, and uses them in an empty folder, with this Node.js
 * npm run packaging -- --all    the same with the oldest Node.js that is promised and the newest of each line
 * Then the GitHub Action in action/, with what is installed there, against a stand-in of GitHub's API.
 * Nothing of the checkout is in reach of that folder: what works there works for whoever installs the packages.
 */
import { execFile } from 'node:child_process';
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
import { promisify } from 'node:util';
import { tryAction } from './packaging/try-action.mjs';
import { bin, ensureBuilt, ensureInstalled, npm, npmScript, requireNode, root } from './prepare.mjs';

/**
 * What @mettle/runtime may bring into other people's servers, dependencies included. Measured when the bound was set: 4.4 MB
 * in 5 packages on Linux, most of it lru-cache (twice: ESM and CommonJS, each with its source maps).
 */
const RUNTIME_MOST_BYTES = 5e6;
const RUNTIME_MOST_PACKAGES = 6;
/** Enough for the one slow tool of the server in scripts/packaging. */
const BUDGET_SECONDS = '4';

const execute = promisify(execFile);

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle', 'packages/runtime');

const folder = mkdtempSync(join(tmpdir(), 'mettle-packaging-'));
try {
  const tarballs = await Promise.all(['mettle', 'runtime'].map(pack));
  await Promise.all([judgeTypes(tarballs), tryAll(tarballs)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function tryAll(tarballs) {
  const trials = await nodes();
  for (const [i, [version, node]] of trials.entries()) {
    const isLast = i === trials.length - 1;
    const use = await tryWith(version, node, tarballs);
    // With the last one the action examines the same server in the same way.
    if (!isLast) await examine(version, node, use);
    else await tryAction(use.cwd, use.env, versionOfMettle());
  }
  console.log(
    'action/: examines the tiny server, comments once, renews it, and starts nothing for forks that have secrets in reach',
  );
}

async function pack(name) {
  const where = join(root, 'packages', name);
  const answer = await run(...npm('pack', '--json', '--pack-destination', folder), { cwd: where });
  const said = JSON.parse(answer.slice(answer.indexOf('[')));
  const [{ filename, size, unpackedSize, entryCount }] = said;
  console.log(
    `${filename}: ${bytes(size)} to download, ${bytes(unpackedSize)} unpacked, ${entryCount} files`,
  );
  return { name, tarball: join(folder, filename) };
}

/** Are the types, for whoever imports it, those of the code? ESM only: `require` of it is a matter of Node.js, tried below. */
async function judgeTypes(tarballs) {
  const attw = bin('@arethetypeswrong/cli', 'dist/index.js');
  for (const { name, tarball } of tarballs) {
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
    console.log(`${name}: types as promised (arethetypeswrong)`);
  }
}

/** This Node.js, or all that are promised. */
async function nodes() {
  if (!process.argv.includes('--all')) return [[process.versions.node, process.execPath]];
  const paths = await run(process.execPath, [join(root, 'scripts/node-versions.mjs')]);
  return Object.entries(JSON.parse(paths));
}

async function tryWith(version, node, tarballs) {
  const [mettle, runtime] = tarballs.map(({ tarball }) => tarball);
  const alone = await installed(version, node, 'runtime-alone', [runtime]);
  const size = bytesBelow(join(alone.where, 'node_modules'));
  console.log(
    `Node ${version}: @mettle/runtime with its dependencies: ${alone.packages} packages, ${bytes(size)}, installed in ${alone.seconds} s`,
  );
  if (size > RUNTIME_MOST_BYTES || alone.packages > RUNTIME_MOST_PACKAGES)
    throw new Error(
      `@mettle/runtime is to stay within ${bytes(RUNTIME_MOST_BYTES)} and ${RUNTIME_MOST_PACKAGES} packages: it goes into other people's servers.`,
    );
  const sdk = ['@modelcontextprotocol/server', 'zod'].map((name) => `${name}@${versionOf(name)}`);
  const both = await installed(version, node, 'both', [mettle, runtime, ...sdk]);
  console.log(
    `Node ${version}: mettle, and an SDK, beside it: ${both.packages} packages, installed in ${both.seconds} s`,
  );
  for (const file of ['import-all.mjs', 'server.mjs'])
    cpSync(join(root, 'scripts/packaging', file), join(both.where, file));
  const use = { cwd: both.where, env: environment(node) };
  const imported = await run(node, ['import-all.mjs', 'mettle', '@mettle/runtime'], use);
  console.log(`Node ${version}: ${imported.trim()}`);
  const told = await run(...asNpx(node, use, '--version'));
  if (told.trim() !== versionOfMettle())
    throw new Error(`mettle --version says ${told.trim()}, the package ${versionOfMettle()}.`);
  return use;
}

async function installed(version, node, name, packages) {
  const where = join(folder, version, name);
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'package.json'), '{ "private": true }\n');
  const startedAt = performance.now();
  // As a user would, install scripts included: none of ours may need one.
  await run(node, [npmScript(), 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], {
    cwd: where,
    env: environment(node),
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const lock = JSON.parse(readFileSync(join(where, 'node_modules/.package-lock.json'), 'utf8'));
  return { where, seconds, packages: Object.keys(lock.packages).length };
}

function versionOfMettle() {
  return JSON.parse(readFileSync(join(root, 'packages/mettle/package.json'), 'utf8')).version;
}

/** The version of a package that this checkout has. */
function versionOf(name) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return packages[`node_modules/${name}`].version;
}

/** The installed command, as npx runs it: program, words, options. */
function asNpx(node, use, ...words) {
  return [node, [npmScript(), 'exec', '--no', '--', 'mettle', ...words], use];
}

/** An examination that finds the one thing that is wrong with a tiny server. */
async function examine(version, node, use) {
  const options = ['--tool', 'seal', '--budget', BUDGET_SECONDS, '--quiet', '--format', 'json'];
  const asked = asNpx(node, use, 'check', ...options, '--fail-on', 'none', '--', 'node', 'server.mjs');
  const { findings } = JSON.parse(await run(...asked));
  const place = findings.find(({ id, tool }) => id === 'hash-on-main-thread' && tool === 'seal')?.location;
  if (place === undefined)
    throw new Error(
      `Node ${version}: mettle check did not find what is wrong, but ${JSON.stringify(findings)}`,
    );
  console.log(`Node ${version}: mettle check finds what blocks a tiny server, at line ${place.line}`);
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

async function run(command, words, options = {}) {
  try {
    return (await execute(command, words, { maxBuffer: 2 ** 26, ...options })).stdout;
  } catch (error) {
    throw new Error(`${command} ${words.join(' ')} failed:\n${error.stdout}${error.stderr}`, {
      cause: error,
    });
  }
}

function bytesBelow(where) {
  return readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function bytes(count) {
  return count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
