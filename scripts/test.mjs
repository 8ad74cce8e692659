/*
 * Every check and test, one after the other; a failed step does not hide the next.
 * npm test -- --quick leaves out the smoke tests, which install published servers from the registry.
 */
import { spawn } from 'node:child_process';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

const quick = process.argv.includes('--quick');
const vitest = bin('vitest', 'vitest.mjs');
const publint = bin('publint', 'src/cli.js');
/** Steps one after the other; those of one list two at a time: no more than there are cores, as with the tests. */
const steps = [
  [step('install', ensureInstalled)],
  [step('build', () => ensureBuilt())],
  [
    step('lint', tool(bin('oxlint', 'bin/oxlint'), '--deny-warnings')),
    step('unused code (knip)', tool(bin('knip', 'bin/knip.js'))),
    step('package mettle (publint)', tool(publint, '--strict', 'packages/mettle')),
    step('package @mettle/runtime (publint)', tool(publint, '--strict', 'packages/runtime')),
    step('schemas of what is printed', tool('scripts/schemas.mjs', '--check')),
    step('site of the documentation', tool('scripts/docs.mjs')),
    step('format', tool(bin('oxfmt', 'bin/oxfmt'), '--check')),
  ],
  [step('tests', tool(vitest, 'run', '--project', '!smoke'))],
  ...(quick
    ? []
    : [
        [step('smoke tests', tool(vitest, 'run', '--project', 'smoke'))],
        [
          // Five ailments in one server, none in its twin; npm run soak does all of them ten times.
          ...['sick', 'healthy'].map((twin) =>
            step(
              `${twin} server`,
              tool('scripts/soak.mjs', '--runs', '1', '--only', 'general', '--twin', twin, '--budget', '20'),
            ),
          ),
          step('packed, installed and used', tool('scripts/packaging.mjs')),
          step('harden() on every SDK', tool('packages/runtime/test/contract/run.mjs')),
          step('harden() and the conformance suite', tool('packages/runtime/test/contract/conformance.mjs')),
        ],
      ]),
];
const AT_ONCE = 2;

requireNode();
const startedAt = performance.now();
const failed = [];
for (const together of steps) {
  const waiting = [...together];
  const takers = Math.min(AT_ONCE, together.length);
  await Promise.all(Array.from({ length: takers }, () => take(waiting, together)));
}
const count = steps.flat().length;
console.log(`${secondsSince(startedAt)} s altogether.`);
console.log(failed.length === 0 ? `All ${count} steps passed.` : `Failed: ${failed.join(', ')}.`);
console.log(`${count - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Takes steps from the list until it is empty. What is alone shows its output as it comes; others when they are done. */
async function take(waiting, { length }) {
  const alone = length === 1;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (alone) console.log(`── ${next.name}`);
    const beganAt = performance.now();
    const { passed, output } = await next.work(alone);
    if (!passed) failed.push(next.name);
    if (!alone) process.stdout.write(`── ${next.name}\n${output}`);
    console.log(`${passed ? '✓' : '✗'} ${next.name}, ${secondsSince(beganAt)} s\n`);
  }
}

function secondsSince(ms) {
  return ((performance.now() - ms) / 1000).toFixed(1);
}

function step(name, work) {
  return { name, work: async (alone) => (await work(alone)) ?? { passed: true, output: '' } };
}

/** A tool of ours: whether it passed, and what it said where that was not shown. */
function tool(script, ...words) {
  return (alone) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [script, ...words], {
        cwd: root,
        stdio: alone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text) => (output += text));
      child.on('error', (error) => resolve({ passed: false, output: `${error.message}\n` }));
      child.on('close', (code) => resolve({ passed: code === 0, output }));
    });
}
