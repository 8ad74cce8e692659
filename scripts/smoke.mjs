/* npm run smoke [-- FILTER]: examines published servers, installed from the registry into .cache/smoke. */
import { spawnSync } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle');
const vitest = [bin('vitest', 'vitest.mjs'), 'run', '--project', 'smoke', ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, vitest, { cwd: root, stdio: 'inherit' }).status ?? 1;
