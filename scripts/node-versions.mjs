/*
 * node scripts/node-versions.mjs [VERSION …]
 * Fetches Node.js in those versions (default: those below) into .cache/node and prints { version: path of node }.
 */
import { join } from 'node:path';
import { installFromRegistry } from './install-from-registry.mjs';

/** The oldest version that Mettle promises to run on, and the newest of each line it promises. */
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];

const platform = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${platform}-${process.arch}`;
const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : VERSIONS;
const folders = await installFromRegistry(
  'node',
  versions.map((version) => `${name}@${version}`),
);
const executable = platform === 'win' ? 'bin/node.exe' : 'bin/node';
const paths = versions.map((version) => [
  version,
  join(folders[`${name}@${version}`], 'node_modules', name, executable),
]);
console.log(JSON.stringify(Object.fromEntries(paths), null, 2));
