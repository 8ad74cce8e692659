/*
 * npm run bench             builds, then runs every benchmark, one after the other
 * npm run bench -- agent    only those with "agent" in their path
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle', 'packages/runtime');

const wanted = process.argv[2] ?? '';
const benchmarks = ['bench', 'packages/mettle/bench', 'packages/runtime/bench']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith('.bench.mjs') && file.includes(wanted));
if (benchmarks.length === 0)
  console.error(
    `No benchmark${wanted ? ` with "${wanted}" in its path` : ''}: they are files called *.bench.mjs in bench/.`,
  );
for (const file of benchmarks) {
  console.log(`── ${file}`);
  const run = spawnSync(process.execPath, [file], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exitCode = 1;
}
