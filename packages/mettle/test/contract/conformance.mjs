/*
 * The official conformance suite, over HTTP:
 *
 *   node packages/mettle/test/contract/conformance.mjs
 *
 * A server gets the same marks through `mettle record` as without it, in both SDK generations: a client cannot tell that
 * the recorder is there. And `mettle mcp` passes every scenario that does not ask for the suite's own fixtures. Installs
 * into .cache; the suite needs Node 22 or later.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSuite, requireSuite } from '../../../../scripts/conformance-suite.mjs';
import { NOT_APPLICABLE } from './not-applicable.mjs';

requireSuite();
const marksOf = installSuite();
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const METTLE = at('../../bin/mettle.js');
const SERVER = at('../../../runtime/test/contract/conformance-server.mjs');
const HEALTHY = at('../../../sick-servers/general/healthy.js');
const folder = mkdtempSync(join(tmpdir(), 'mettle-conformance-'));

let faults = 0;
try {
  for (const sdk of ['v1', 'v2']) faults += await compareRecorded(sdk);
  faults += await judgeMettleMcp();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(faults === 0 ? 0 : 1);

/** Scenarios whose marks differ behind the recorder. */
async function compareRecorded(sdk) {
  const server = spawn(process.execPath, [SERVER, sdk, 'bare'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(server.stdout, 'data');
    const url = `http://127.0.0.1:${String(port).trim()}/mcp`;
    const bare = await marksOf(url);
    const words = ['record', '--http', url, '--out', join(folder, `${sdk}.json`)];
    const recorded = await behind(words, /give the client (\S+) instead/);
    const unlike = [...bare].filter(([scenario, mark]) => recorded.get(scenario) !== mark);
    for (const [scenario, mark] of unlike)
      console.log(`✗ SDK ${sdk} ${scenario}: bare ${mark}, through the recorder ${recorded.get(scenario)}`);
    console.log(
      `SDK ${sdk}: ${bare.size} scenarios, ${passed(bare)} passed, ${bare.size - unlike.length} the same through mettle record`,
    );
    return unlike.length + Math.abs(recorded.size - bare.size);
  } finally {
    server.kill();
  }
}

/** Scenarios that `mettle mcp` should pass and does not, or that it passes though they are said not to apply. */
async function judgeMettleMcp() {
  const words = ['mcp', '--listen', '0', '--', process.execPath, HEALTHY];
  const marks = await behind(words, /listening at (\S+);/);
  let wrong = 0;
  for (const [scenario, mark] of marks) {
    const why = NOT_APPLICABLE[scenario];
    if (mark.startsWith('✓') === (why === undefined)) continue;
    wrong++;
    console.log(
      why === undefined
        ? `✗ mettle mcp ${scenario}: ${mark}`
        : `✗ mettle mcp ${scenario} passes: it is no longer one that does not apply (${why})`,
    );
  }
  console.log(
    `mettle mcp: ${marks.size} scenarios, ${passed(marks)} passed, ${marks.size - passed(marks) - wrong} do not apply`,
  );
  return wrong;
}

/** The marks of what a mettle command serves at the address that it tells. */
async function behind(words, form) {
  const mettle = spawn(process.execPath, [METTLE, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let said = '';
    const url = await new Promise((resolve, reject) => {
      mettle.stderr.on('data', (chunk) => {
        said += chunk;
        const found = form.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      mettle.once('exit', (code) =>
        reject(new Error(`mettle ${words[0]} ended with exit code ${code}: ${said}`)),
      );
    });
    return await marksOf(url);
  } finally {
    mettle.kill('SIGINT');
    if (mettle.exitCode === null) await once(mettle, 'exit');
  }
}

function passed(marks) {
  return [...marks.values()].filter((mark) => mark.startsWith('✓')).length;
}
