/*
 * The official conformance suite gives a hardened server the same marks as the bare one, both SDK generations:
 *
 *   node packages/runtime/test/contract/conformance.mjs
 *
 * Not whether the marks are good: our server has few of the suite's fixtures. Whether they are the same. Installs into
 * .cache; the suite needs Node 22 or later.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';

if (fs.globSync === undefined) {
  console.log(`skipped: the conformance suite needs Node 22 or later, this is ${process.version}`);
  process.exit(0);
}
const folder = fileURLToPath(new URL('../../../../.cache/conformance', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'package.json'),
  JSON.stringify({ private: true, dependencies: { '@modelcontextprotocol/conformance': '0.1.16' } }),
);
execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: 'ignore',
});
const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

let different = 0;
for (const sdk of ['v1', 'v2']) {
  const [bare, hardened] = [await marks(sdk, 'bare'), await marks(sdk, 'hardened')];
  if (bare.size === 0) throw new Error('the suite ran no scenario');
  const unlike = [...bare].filter(([scenario, mark]) => hardened.get(scenario) !== mark);
  different += unlike.length + (hardened.size - bare.size);
  for (const [scenario, mark] of unlike)
    console.log(`✗ ${sdk} ${scenario}: bare ${mark}, hardened ${hardened.get(scenario)}`);
  const passed = [...bare.values()].filter((mark) => mark.startsWith('✓')).length;
  console.log(
    `SDK ${sdk}: ${bare.size} scenarios, ${passed} passed, ${bare.size - unlike.length} the same hardened`,
  );
}
process.exit(different === 0 ? 0 : 1);

/** What the suite's summary says of each scenario. */
async function marks(sdk, how) {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('./conformance-server.mjs', import.meta.url)), sdk, how],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [port] = await once(server.stdout, 'data');
    const words = [suite, 'server', '--url', `http://127.0.0.1:${String(port).trim()}/mcp`];
    // Scenarios without fixtures fail, and with them the suite: its words count, not its exit code.
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder }).catch(
      (error) => error,
    );
    const lines = stripVTControlCharacters(stdout).matchAll(/^\s*([✓✗])\s+([a-z][\w-]+):\s*(.*)$/gm);
    return new Map(Array.from(lines, ([, mark, scenario, counts]) => [scenario, `${mark} ${counts}`]));
  } finally {
    server.kill();
  }
}
