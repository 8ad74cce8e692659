/*
 * Each example before and after, as `mettle check` sees it:
 *
 *   node examples/check.mjs [--only FOLDER] [--budget SECONDS]
 *
 * Exits with 1 when a sick server's ailment is not found, or a mended one has any finding, or was not looked at for it.
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
  const isFound = sick.findings.some(({ id, tool }) => id === example.finding && tool === example.tool);
  // What was not looked at is not mended.
  const isMended = mended.findings.length === 0 && mended.checks[example.check].status === 'clear';
  if (!isFound || !isMended) faults++;
  console.log(`${isFound && isMended ? '✓' : '✗'} ${folder}`);
  console.log(`    sick:   ${told(sick, example)}`);
  console.log(`    mended: ${told(mended, example)}`);
}

function told({ findings, checks }, { check }) {
  if (findings.length > 0) return findings.map(said).join(', ');
  return checks[check].status === 'clear' ? 'nothing found' : `${check}: ${checks[check].why}`;
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
