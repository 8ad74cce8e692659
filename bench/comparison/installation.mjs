/*
 * Installs each profiler into a folder of its own, outside the checkout: nothing of them gets into the project's
 * dependencies, and what each weighs can be told.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

function npm(args, cwd) {
  const run = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${run.stderr || run.error}`);
  return run.stdout;
}

/** Mettle as its users would get it: packed, then installed beside its dependencies. */
function packMettle(folder) {
  const packed = npm(
    ['pack', '--json', '--pack-destination', folder, '--workspace', 'packages/mettle'],
    checkout,
  );
  return join(folder, basename(JSON.parse(packed.slice(packed.indexOf('[')))[0].filename));
}

async function bytesIn(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  return bytes;
}

/** Installs a package, or finds it where an earlier run left it; gives its folder, size and number of packages. */
export async function installProfiler(home, { id, spec }) {
  const folder = join(home, 'installed', id);
  const record = join(folder, 'installed.json');
  if (!existsSync(record)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const startedAt = performance.now();
    npm(['install', spec ?? packMettle(folder)], folder);
    const installMs = performance.now() - startedAt;
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
    const weight = {
      packages: Object.keys(packages).length - 1,
      megabytes: (await bytesIn(join(folder, 'node_modules'))) / 1e6,
      installSeconds: installMs / 1000,
    };
    writeFileSync(record, JSON.stringify(weight));
  }
  return { folder, ...JSON.parse(readFileSync(record, 'utf8')) };
}
