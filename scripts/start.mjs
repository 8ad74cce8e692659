/*
 * npm start                         installs and builds what is missing, then examines the bundled sick shop
 * npm start -- check -- node s.js   the same, then runs mettle with these arguments
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt, ensureInstalled, requireNode } from './prepare.mjs';

const DEMONSTRATION = ['check', '--budget', '30', '--', 'node', 'packages/sick-servers/general/sick.js'];
/** Findings over the bar: what a sick server is for. */
const FINDINGS_EXIT_CODE = 1;

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle');

const asked = process.argv.slice(2);
const demonstrating = asked.length === 0;
const mettle = fileURLToPath(new URL('../packages/mettle/bin/mettle.js', import.meta.url));
const child = spawn(process.execPath, [mettle, ...(demonstrating ? DEMONSTRATION : asked)], {
  // Relative paths are the user's: npm itself would have moved us to the checkout's folder.
  cwd: demonstrating
    ? fileURLToPath(new URL('..', import.meta.url))
    : (process.env.INIT_CWD ?? process.cwd()),
  stdio: 'inherit',
});
// Ctrl-C reaches mettle by itself; it stops its server, and we wait for it.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  const outcome = signal === null ? code : 1;
  process.exitCode = demonstrating && outcome === FINDINGS_EXIT_CODE ? 0 : outcome;
});
