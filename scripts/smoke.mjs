/* npm run smoke [-- FILTER]: examines published servers, installed from the registry into .cache/smoke. */
import { spawnSync } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle');
const vitest = [bin('vitest', 'vitest.mjs'), 'run', '--project', 'smoke', ...process.argv.slice(2)];
// npm test leaves out what only varies the way in which a server was built.
const env = { ...process.env, METTLE_SMOKE: 'all' };
process.exitCode = spawnSync(process.execPath, vitest, { cwd: root, stdio: 'inherit', env }).status ?? 1;
