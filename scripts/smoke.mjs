/*
 * npm run smoke [-- FILTER]: examines published servers, installed from the registry into .cache/smoke. Without a filter
 * also whether harden() holds on the published SDKs, whether the official conformance suite sees any difference behind it and
 * behind `mettle record`, and whether `mettle mcp` passes it.
 */
import { spawnSync } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle', 'packages/runtime');
const vitest = [bin('vitest', 'vitest.mjs'), 'run', '--project', 'smoke', ...process.argv.slice(2)];
// npm test leaves out what only varies the way in which a server was built.
const env = { ...process.env, METTLE_SMOKE: 'all' };
process.exitCode = spawnSync(process.execPath, vitest, { cwd: root, stdio: 'inherit', env }).status ?? 1;

if (process.argv.length === 2) {
  // The tests of npm test's own that have parts at leisure.
  const leisure = [
    bin('vitest', 'vitest.mjs'),
    'run',
    '--project',
    '!smoke',
    'packages/mettle/test/report/k6',
    'packages/mettle/test/explore/trials/threads',
    'packages/mettle/test/init/init-command',
    'packages/mettle/test/run/expect-no-leak',
    'packages/mettle/test/run/attach.test',
    'packages/mettle/test/run/race/in-test/runners',
    'packages/mettle/test/agent/blocking',
    'packages/mettle/test/agent/waiting',
  ];
  if (spawnSync(process.execPath, leisure, { cwd: root, stdio: 'inherit', env }).status !== 0)
    process.exitCode = 1;
  const others = [
    ['packages/runtime/test/contract/run.mjs'],
    ['packages/runtime/test/contract/conformance.mjs'],
    ['packages/mettle/test/contract/conformance.mjs'],
    ['scripts/packaging.mjs', '--all'],
  ];
  for (const words of others) {
    if (spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' }).status !== 0)
      process.exitCode = 1;
  }
}
