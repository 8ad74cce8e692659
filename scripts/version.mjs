/*
 * npm run release:version: takes the changesets in .changeset as the next version, everywhere where a version is written:
 * package.json files, sources, lock file, and the heading of what is unreleased in CHANGELOG.md. Needs Node.js
 * 22.11 or newer.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, ensureInstalled, npm, requireNode, root } from './prepare.mjs';

/** Where the version stands in a source, since what is bundled has no package.json beside it. */
const SOURCES = [
  'packages/runtime/src/index.ts',
  'packages/runtime/src/metrics/opentelemetry.ts',
  'packages/mettle/src/session/rpc-message.ts',
  'action/action.yml',
];

requireNode();
ensureInstalled();

const before = version();
run(process.execPath, [bin('@changesets/cli', 'bin.js'), 'version']);
const after = version();
if (after === before) {
  console.log(`No changeset asks for a version: it stays ${before}.`);
} else {
  for (const file of SOURCES) replace(file, `'${before}'`, `'${after}'`);
  pin('packages/sick-servers/package.json');
  const day = new Date().toISOString().slice(0, 10);
  replace('CHANGELOG.md', '## [Unreleased]\n', `## [Unreleased]\n\n## [${after}] - ${day}\n`);
  run(...npm('install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'));
  console.log(`${before} → ${after}`);
}

function version() {
  return JSON.parse(readFileSync(join(root, 'packages/mettle/package.json'), 'utf8')).version;
}

/** The private package that stands on ours stands on the new one. */
function pin(file) {
  const text = readFileSync(join(root, file), 'utf8');
  writeFileSync(join(root, file), text.replace(/("@mettle\/runtime": )"[^"]+"/, `$1"${after}"`));
}

function replace(file, from, to) {
  const text = readFileSync(join(root, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
  writeFileSync(join(root, file), text.replace(from, to));
}

function run(command, words) {
  const { status } = spawnSync(command, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(1);
}
