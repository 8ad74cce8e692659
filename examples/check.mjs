/*
 * Each example before and after, as `mettle check` sees it:
 *
 *   node examples/check.mjs [--only FOLDER] [--budget SECONDS]
 *
 * Exits with 1 when a sick server's ailment is not found, or a mended one has any finding. What this version of
 * `mettle check` does not look for yet is said to be so, and is neither.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { only: { type: 'string' }, budget: { type: 'string', default: '45' } },
});
const examples = import.meta.dirname ?? fileURLToPath(new URL('.', import.meta.url));
const mettle = join(examples, '../packages/mettle/bin/mettle.js');
const out = mkdtempSync(join(tmpdir(), 'mettle-examples-'));
let faults = 0;
try {
  for (const folder of readdirSync(examples)) {
    const file = join(examples, folder, 'example.json');
    if (!existsSync(file) || (values.only !== undefined && folder !== values.only)) continue;
    await show(folder, JSON.parse(readFileSync(file, 'utf8')));
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exitCode = faults === 0 ? 0 : 1;

async function show(folder, example) {
  const [sick, mended] = [await examined(folder, 'sick', example), await examined(folder, 'mended', example)];
  const isLookedFor = sick.checks[example.check].status !== 'skipped';
  const isFound = sick.findings.some(({ id, tool }) => id === example.finding && tool === example.tool);
  const isMended = mended.findings.length === 0;
  if ((isLookedFor && !isFound) || !isMended) faults++;
  console.log(`${(isLookedFor ? isFound : true) && isMended ? '✓' : '✗'} ${folder}`);
  console.log(`    sick:   ${sick.findings.map(said).join(', ') || 'nothing found'}`);
  if (!isLookedFor) console.log(`            ${example.check}: ${sick.checks[example.check].why}`);
  console.log(`    mended: ${mended.findings.map(said).join(', ') || 'nothing found'}`);
}

function said({ id, tool }) {
  return `${id} in ${tool}`;
}

async function examined(folder, twin, { options, http, budget = 0 }) {
  const words = [
    'check',
    '--quiet',
    '--format',
    'json',
    '--budget',
    String(Math.max(Number(values.budget), budget)),
    ...options,
  ];
  const workload = join(examples, folder, 'workload.json');
  if (existsSync(workload)) words.push('--workload', workload);
  const port = http ? await freePort() : undefined;
  const target = http ? ['--http', `http://127.0.0.1:${port}/mcp`, '--env', `PORT=${port}`] : [];
  const server = ['--', 'node', join(examples, folder, `${twin}.js`)];
  const run = spawnSync(
    process.execPath,
    [mettle, ...words, '--out', join(out, folder, twin), ...target, ...server],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 27,
    },
  );
  if (run.status === 0 || run.status === 1) return JSON.parse(run.stdout);
  throw new Error(`mettle check of ${folder}/${twin}.js: exit code ${run.status}: ${run.stderr.trim()}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
