/*
 * node scripts/install-from-registry.mjs CACHE NAME@VERSION …
 * Installs each package in a folder of its own below .cache/CACHE, unless it is there already, and prints
 * { "NAME@VERSION": folder } as JSON on stdout; what it did on stderr.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { npm, root } from './prepare.mjs';

/** Installs exact versions (no install scripts are run) and returns their folders by `NAME@VERSION`. */
export function installFromRegistry(cache, specs) {
  return Object.fromEntries(specs.map((spec) => [spec, installed(join(root, '.cache', cache, spec), spec)]));
}

function installed(folder, spec) {
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
  const run = spawnSync(command, words, { cwd: partial, encoding: 'utf8' });
  if (run.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(
      `npm could not install ${spec} (is the registry reachable?):\n${run.stderr ?? run.error?.message}`,
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
  console.log(JSON.stringify(installFromRegistry(cache, specs)));
}
