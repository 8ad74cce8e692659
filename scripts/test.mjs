/*
 * Every check and test, one after the other; a failed step does not hide the next.
 * npm test -- --quick leaves out the smoke tests, which install published servers from the registry.
 */
import { spawnSync } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

const quick = process.argv.includes('--quick');
const vitest = bin('vitest', 'vitest.mjs');
const publint = bin('publint', 'src/cli.js');
const steps = [
  step('install', ensureInstalled),
  step('build', () => ensureBuilt()),
  step('format', tool(bin('oxfmt', 'bin/oxfmt'), '--check')),
  step('lint', tool(bin('oxlint', 'bin/oxlint'), '--deny-warnings')),
  step('unused code (knip)', tool(bin('knip', 'bin/knip.js'))),
  step('schemas of what is printed', tool('scripts/schemas.mjs', '--check')),
  step('package mettle (publint)', tool(publint, '--strict', 'packages/mettle')),
  step('package @mettle/runtime (publint)', tool(publint, '--strict', 'packages/runtime')),
  step('site of the documentation', tool('scripts/docs.mjs')),
  step('tests', tool(vitest, 'run', '--project', '!smoke')),
  ...(quick
    ? []
    : [
        // Five ailments in one server, none in its twin; npm run soak does all of them ten times.
        step(
          'sick server and healthy twin',
          tool('scripts/soak.mjs', '--runs', '1', '--only', 'general', '--budget', '20'),
        ),
        step('packed, installed and used', tool('scripts/packaging.mjs')),
        step('smoke tests', tool(vitest, 'run', '--project', 'smoke')),
        step('harden() on every SDK', tool('packages/runtime/test/contract/run.mjs')),
        step('harden() and the conformance suite', tool('packages/runtime/test/contract/conformance.mjs')),
      ]),
];

requireNode();
const failed = [];
for (const { name, work } of steps) {
  console.log(`── ${name}`);
  const startedAt = performance.now();
  const passed = work() !== false;
  if (!passed) failed.push(name);
  console.log(`${passed ? '✓' : '✗'} ${name}, ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
console.log(failed.length === 0 ? `All ${steps.length} steps passed.` : `Failed: ${failed.join(', ')}.`);
console.log(`${steps.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

function step(name, work) {
  return { name, work };
}

/** A tool of ours, run with its output shown; whether it passed. */
function tool(script, ...words) {
  return () => spawnSync(process.execPath, [script, ...words], { cwd: root, stdio: 'inherit' }).status === 0;
}
