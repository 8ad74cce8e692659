/*
 * The official conformance suite gives a hardened server the same marks as the bare one, both SDK generations:
 *
 *   node packages/runtime/test/contract/conformance.mjs
 *
 * Not whether the marks are good: our server has few of the suite's fixtures. Whether they are the same. Installs into
 * .cache; the suite needs Node 22 or later.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { installSuite, requireSuite } from '../../../../scripts/conformance-suite.mjs';

requireSuite();
const marksOf = installSuite();

let different = 0;
for (const sdk of ['v1', 'v2']) {
  const [bare, hardened] = [await marks(sdk, 'bare'), await marks(sdk, 'hardened')];
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
    return await marksOf(`http://127.0.0.1:${String(port).trim()}/mcp`);
  } finally {
    server.kill();
  }
}
