/*
 * Every check and test, one after the other; a failed step does not hide the next.
 * npm test -- --quick leaves out the smoke tests, which install published servers from the registry.
 */
import { spawnSync } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

const quick = process.argv.includes('--quick');
const vitest = (...words) => [bin('vitest', 'vitest.mjs'), 'run', ...words];
const steps = [
  ['install', ensureInstalled],
  ['build', () => ensureBuilt()],
  ['format', [bin('oxfmt', 'bin/oxfmt'), '--check']],
  ['lint', [bin('oxlint', 'bin/oxlint'), '--deny-warnings']],
  ['unused code (knip)', [bin('knip', 'bin/knip.js')]],
  ['package mettle (publint)', [bin('publint', 'src/cli.js'), '--strict', 'packages/mettle']],
  ['package @mettle/runtime (publint)', [bin('publint', 'src/cli.js'), '--strict', 'packages/runtime']],
  ['tests', vitest('--project', 'mettle', '--project', 'runtime')],
  ...(quick ? [] : [['smoke tests', vitest('--project', 'smoke')]]),
];

requireNode();
const failed = [];
for (const [name, work] of steps) {
  console.log(`── ${name}`);
  const startedAt = performance.now();
  const passed = typeof work === 'function' ? (work(), true) : runs(work);
  if (!passed) failed.push(name);
  console.log(`${passed ? '✓' : '✗'} ${name}, ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
console.log(failed.length === 0 ? `All ${steps.length} steps passed.` : `Failed: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;

function runs([script, ...words]) {
  return spawnSync(process.execPath, [script, ...words], { cwd: root, stdio: 'inherit' }).status === 0;
}
