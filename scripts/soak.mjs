/*
 * npm run soak [-- --runs 10] [--only FOLDER] [--twin sick|healthy] [--budget SECONDS]
 * Examines every sick server and its healthy twin again and again: each ailment must be found every time, with
 * its tool and line, and nothing that is not true of the server. Then, or alone with --only runtime, the long tests of
 * @mettle/runtime; and, or alone with --only race-twins, 10,000 schedules of correct servers that look as if they raced; and, or
 * alone with --only watch, 10,000 looks of the watcher at a healthy server on a busy machine. The bundle of a run that says anything else is
 * kept, and where it lies is said.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, ensureBuilt, ensureInstalled, requireNode, root } from './prepare.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    only: { type: 'string' },
    twin: { type: 'string' },
    budget: { type: 'string', default: '20' },
  },
});
const servers = join(root, 'packages/sick-servers');
const out = mkdtempSync(join(tmpdir(), 'mettle-soak-'));

requireNode();
ensureInstalled();
ensureBuilt('packages/mettle', 'packages/runtime');

const folders = readdirSync(servers)
  .filter((folder) => existsSync(join(servers, folder, 'ailment.json')))
  .filter((folder) => values.only === undefined || folder === values.only);
let faults = 0;
let kept = 0;
try {
  for (const folder of folders) {
    const expected = JSON.parse(readFileSync(join(servers, folder, 'ailment.json'), 'utf8'));
    const twins = ['sick', 'healthy'].filter(
      (name) =>
        (values.twin === undefined || name === values.twin) &&
        // Servers that only look ill have no ill twin.
        existsSync(join(servers, folder, `${name}.js`)),
    );
    for (const twin of twins) {
      for (let run = 1; run <= Number(values.runs); run++) await report(folder, twin, run, expected);
    }
  }
} finally {
  if (kept === 0) rmSync(out, { recursive: true, force: true });
}
if (values.only === undefined || values.only === 'runtime') faults += soakRuntime();
if (values.only === undefined || values.only === 'race-twins') faults += soakTwins();
if (values.only === undefined || values.only === 'watch') faults += soakWatch();
console.log(faults === 0 ? 'Every verdict as expected.' : `${faults} verdicts not as expected.`);
process.exitCode = faults === 0 ? 0 : 1;

/** No look of the watcher may find a healthy server anything but up. */
function soakWatch() {
  const { status } = spawnSync(process.execPath, ['packages/mettle/test/watch/soak.mjs'], {
    cwd: root,
    stdio: 'inherit',
  });
  // What many processes do when one after the other is killed, and Redis and Postgres come and go.
  const many = spawnSync(
    process.execPath,
    [bin('vitest', 'vitest.mjs'), 'run', '--project', 'patient', 'packages/mettle/test/watch/engine'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, METTLE_SMOKE: 'all' } },
  );
  return [status, many.status].filter((each) => each !== 0).length;
}

/** The runtime's own: what must hold every time, however often; and its examples, before and after. */
function soakRuntime() {
  const soaks = [
    ['--expose-gc', 'packages/runtime/test/soak.mjs'],
    ['packages/runtime/test/offload/soak.mjs'],
    ['packages/runtime/test/cluster/soak.mjs'],
    ['packages/runtime/test/cluster/faults.mjs'],
    ['examples/check.mjs'],
  ];
  const failed = soaks.filter(
    (words) => spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' }).status !== 0,
  );
  for (const words of failed) console.log(`${words.at(-1)}: failed`);
  return failed.length;
}

/** No schedule of a correct server may be found fault with. */
function soakTwins() {
  const words = ['packages/mettle/test/explore/soak.mjs'];
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
  return status === 0 ? 0 : 1;
}

async function report(folder, twin, run, expected) {
  const { findings, checks, seconds, failure } = await examined(folder, twin, expected);
  const complaints =
    failure === null
      ? [...complaintsOf(folder, twin, findings, expected), ...notLooked(checks, expected)]
      : [failure];
  faults += complaints.length;
  const verdict = complaints.length === 0 ? 'as expected' : complaints.join('; ');
  const bundle = join(out, 'run');
  const place = join(out, `${folder}-${twin}-${run}`);
  const keep = complaints.length > 0 && existsSync(bundle);
  if (keep) {
    kept += 1;
    renameSync(bundle, place);
  }
  rmSync(bundle, { recursive: true, force: true });
  const where = keep ? `; bundle kept: ${place}` : '';
  console.log(`${folder}/${twin} ${run}/${values.runs} (${seconds.toFixed(0)} s): ${verdict}${where}`);
}

async function examined(folder, twin, { command = 'check', options, transport = 'stdio' }) {
  const startedAt = performance.now();
  const mettle = join(root, 'packages/mettle/bin/mettle.js');
  const server = join(servers, folder, `${twin}.js`);
  // What only a comparison shows is compared with the healthy twin: so the healthy one with itself.
  const how =
    options ?? (command === 'bench' ? ['--compare', `node ${join(servers, folder, 'healthy.js')}`] : []);
  const port = transport === 'http' ? await freePort() : undefined;
  const words = [
    command,
    ...how,
    '--format',
    'json',
    '--quiet',
    '--budget',
    // A comparison needs pairs of processes.
    command === 'bench' ? String(3 * Number(values.budget)) : values.budget,
    '--out',
    join(out, 'run'),
    ...(transport === 'http' ? ['--http', `http://127.0.0.1:${port}/mcp`] : []),
    '--',
    'node',
    server,
  ];
  const run = spawnSync(process.execPath, [mettle, ...words], {
    cwd: out,
    encoding: 'utf8',
    maxBuffer: 2 ** 27,
    env: port === undefined ? process.env : { ...process.env, PORT: String(port) },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (run.status !== 0 && run.status !== 1) {
    return { findings: [], seconds, failure: `exit code ${run.status}: ${run.stderr.trim().split('\n')[0]}` };
  }
  const { findings, checks } = JSON.parse(run.stdout);
  return { findings, checks, seconds, failure: null };
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function complaintsOf(folder, twin, findings, { ailments, consequences }) {
  if (twin === 'healthy') return findings.map(({ id, title }) => `false alarm ${id}: ${title}`);
  const missing = ailments
    .filter((ailment) => !findings.some((finding) => isAilment(folder, finding, ailment)))
    .map(
      ({ finding, tool }) => `missed ${finding} in ${tool}; found ${JSON.stringify(near(findings, tool))}`,
    );
  const known = new Set([...ailments.map(({ finding }) => finding), ...consequences]);
  const alarms = findings
    .filter(({ id }) => !known.has(id))
    .map(({ id, title }) => `false alarm ${id}: ${title}`);
  return [...missing, ...alarms];
}

function isAilment(folder, found, { finding, tool, location }) {
  if (found.id !== finding || (found.tool ?? null) !== tool) return false;
  if (location === null) return true;
  if (location.package !== undefined)
    return found.location?.file.replaceAll('\\', '/').includes(`/node_modules/${location.package}/`) === true;
  const file = posix.join(folder, location.file);
  if (!found.location?.file.replaceAll('\\', '/').endsWith(file)) return false;
  if (location.function !== undefined) return found.location.function === location.function;
  const lines = readFileSync(join(servers, folder, location.file), 'utf8').split('\n');
  return found.location.line === lines.findIndex((line) => line.endsWith(`// ${location.marker}`)) + 1;
}

/** A server in which nothing was found because nobody looked is no proof of anything. */
function notLooked(checks, { command }) {
  const { status, why } = checks.leak;
  return command === 'leak' && status === 'skipped' ? [`not looked for leaks: ${why}`] : [];
}

/** What was found instead, short. */
function near(findings, tool) {
  return findings
    .filter((finding) => finding.tool === tool)
    .map(({ id, location }) => [id, location?.file, location?.line]);
}
