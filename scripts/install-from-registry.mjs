/*
 * node scripts/install-from-registry.mjs CACHE NAME@VERSION …
 * Installs each package in a folder of its own below .cache/CACHE, unless it is there already, and prints
 * { "NAME@VERSION": folder } as JSON on stdout; what it did on stderr.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { npm, root } from './prepare.mjs';

const execute = promisify(execFile);
/** An installation waits for the registry half of its time, and computes in the other. */
const AT_ONCE = 2;

/** Installs exact versions (no install scripts are run), some at once, and returns their folders by `NAME@VERSION`. */
export async function installFromRegistry(cache, specs) {
  const folders = {};
  const waiting = specs.values();
  const take = async () => {
    for (const spec of waiting) folders[spec] = await installed(join(root, '.cache', cache, spec), spec);
  };
  const taken = await Promise.allSettled(Array.from({ length: AT_ONCE }, take));
  for (const { reason } of taken) if (reason !== undefined) throw reason;
  return folders;
}

async function installed(folder, spec) {
  if (existsSync(folder)) return folder;
  const startedAt = performance.now();
  // Two runs may install at once: each fills a folder of its own, the first to finish gives it its name.
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'package.json'), '{ "private": true }\n');
  const [command, words] = npm(
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--save-exact',
    spec,
  );
  try {
    await execute(command, words, { cwd: partial });
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(
      `npm could not install ${spec} (is the registry reachable?):\n${error.stderr || error.message}`,
      { cause: error },
    );
  }
  try {
    renameSync(partial, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`installed ${spec} in ${seconds} s, ${(bytesBelow(folder) / 2 ** 20).toFixed(1)} MiB`);
  return folder;
}

function bytesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [cache, ...specs] = process.argv.slice(2);
  console.log(JSON.stringify(await installFromRegistry(cache, specs)));
}
