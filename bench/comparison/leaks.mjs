/*
 * Servers that leak, and one that does not, under memlab and under mettle leak.
 *
 *   npm run build
 *   node bench/comparison/leaks.mjs [--home FOLDER] [--runs 3]
 *
 * memlab takes no part in the calls: it compares three heap snapshots, which are taken here of the same server before, after
 * and long after a number of calls. Mettle makes its own calls. memlab is installed below FOLDER, never into this checkout.
 * Needs Linux (signals, /proc), npm and its registry. Writes FOLDER/leaks.json and prints a table.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { openSession } from './client.mjs';
import { installProfiler } from './installation.mjs';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({
  options: { home: { type: 'string' }, runs: { type: 'string', default: '3' } },
});
const home = options.home ? resolve(options.home) : mkdtempSync(join(tmpdir(), 'mettle-comparison-'));

/** The tools of the six-tool server that leak, and by what words each leak's holder is known. */
const LEAKS = {
  subscribe_updates: /onUpdate|\bupdates\b/,
  open_session: /\bsessions\b/,
  lookup: /\bresponses\b/,
  watch_metric: /\bTimeout\b|\bsamples\b/,
};
const TOOLS = [...Object.keys(LEAKS), 'cached_fetch', 'render_report'];
const CALLS_PER_TOOL = 20;
/** What memlab's maintainers advise for programs on Node.js: all that was kept, whatever it is. */
const PLAIN_FILTER = 'module.exports = { leakFilter: (node) => node.retainedSize > 100 };\n';

// Its browser is not needed, and 300 MB.
process.env.PUPPETEER_SKIP_DOWNLOAD = '1';
mkdirSync(home, { recursive: true });
const memlab = await installProfiler(home, { id: 'memlab', spec: 'memlab@2.0.5' });
writeFileSync(join(home, 'plain-filter.cjs'), PLAIN_FILTER);

const result = { node: process.version, memlab: memlab.packages, runs: [] };
for (let run = 1; run <= Number(options.runs); run++) {
  for (const twin of ['sick', 'healthy']) {
    const server = join(checkout, 'packages/sick-servers/six-tools', `${twin}.js`);
    const figures = { run, twin, load: loadavg()[0], mettle: mettleOn(server), ...(await memlabOn(server)) };
    result.runs.push(figures);
    writeFileSync(join(home, 'leaks.json'), JSON.stringify(result, null, 2));
    console.log(JSON.stringify(figures));
  }
}
console.table(
  result.runs.map(({ run, twin, mettle, byDefault, plainly }) => ({
    run,
    twin,
    'mettle: found': mettle.found,
    'mettle: s': mettle.seconds,
    'memlab: found': byDefault.clusters,
    'memlab: s of analysis': byDefault.seconds,
    'memlab, plain filter: found': plainly.clusters,
    'of them name a leak': plainly.naming,
    'leaks named': plainly.leaksNamed.length,
  })),
);

function mettleOn(server) {
  const out = mkdtempSync(join(home, 'mettle-'));
  const startedAt = performance.now();
  const mettle = join(checkout, 'packages/mettle/bin/mettle.js');
  const run = spawnSync(
    process.execPath,
    [mettle, 'leak', '--format', 'json', '--quiet', '--out', join(out, 'run'), '--', 'node', server],
    { encoding: 'utf8', maxBuffer: 2 ** 27, cwd: out },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  rmSync(out, { recursive: true, force: true });
  if (run.status !== 0 && run.status !== 1) return { failedWith: run.stderr.trim().split('\n')[0] };
  const { findings } = JSON.parse(run.stdout);
  return {
    seconds: Number(seconds.toFixed(1)),
    found: findings.length,
    findings: findings.map(({ id, tool, location, title }) => ({ id, tool, line: location?.line, title })),
  };
}

async function memlabOn(server) {
  const folder = mkdtempSync(join(home, 'memlab-'));
  const startedAt = performance.now();
  const snapshots = await threeSnapshots(server, folder);
  const takingSeconds = (performance.now() - startedAt) / 1000;
  const byDefault = await findLeaks(folder, snapshots, []);
  const plainly = await findLeaks(folder, snapshots, ['--leak-filter', join(home, 'plain-filter.cjs')]);
  const megabytes = statSync(snapshots[2]).size / 1e6;
  rmSync(folder, { recursive: true, force: true });
  return { takingSeconds, megabytes, byDefault, plainly };
}

/** Before the calls, after them, and after as many more: what was made between the first two and is still there. */
async function threeSnapshots(server, folder) {
  const command = [process.execPath, '--heapsnapshot-signal=SIGUSR2', server];
  const session = await openSession(command, { cwd: folder });
  try {
    const files = [];
    let key = 0;
    for (let round = 0; round < 3; round++) {
      const calls = TOOLS.flatMap((name) =>
        Array.from({ length: CALLS_PER_TOOL }, () => ({
          name,
          arguments: { key: `key ${++key}`, amount: key },
        })),
      );
      await session.callAll(calls);
      files.push(await snapshotOf(session, folder, files));
    }
    return files;
  } finally {
    session.destroy();
    await session.exited;
  }
}

async function snapshotOf(session, folder, known) {
  process.kill(session.child.pid, 'SIGUSR2');
  const written = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.heapsnapshot'))
      .map((name) => join(folder, name))
      .find((file) => !known.includes(file));
  for (let tries = 0; written() === undefined && tries < 600; tries++) await pause(100);
  // The main thread writes it: once it answers again, the file is whole.
  await session.request('tools/list', {});
  return written();
}

async function findLeaks(folder, [baseline, target, final], more) {
  const work = mkdtempSync(join(folder, 'work-'));
  const words = [
    'find-leaks',
    '--baseline',
    baseline,
    '--target',
    target,
    '--final',
    final,
    '--work-dir',
    work,
  ];
  const memory = ['--expose-gc', '--max-old-space-size=4096'];
  const startedAt = performance.now();
  // By node itself: the command's first line holds flags, which not every installation keeps.
  const bin = join(memlab.folder, 'node_modules/memlab/bin/memlab');
  const child = spawn(process.execPath, [...memory, bin, ...words, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => (text += part));
  const [code] = await once(child, 'close');
  return { code, seconds: Number(((performance.now() - startedAt) / 1000).toFixed(1)), ...readLeaks(text) };
}

/** How many clusters memlab tells, and how many of them name what holds one of the leaks. */
function readLeaks(coloured) {
  const text = stripVTControlCharacters(coloured);
  const clusters = Number(/MemLab found (\d+) leak/.exec(text)?.[1] ?? Number.NaN);
  const traces = text.split(/^-+Similar leaks in this run.*$|^--Similar leaks.*$/m).slice(1);
  const naming = traces.filter((trace) => Object.values(LEAKS).some((words) => words.test(trace))).length;
  const leaksNamed = Object.keys(LEAKS).filter((tool) => LEAKS[tool].test(traces.join('\n')));
  return { clusters, naming, leaksNamed, lines: /[\w-]+\.m?js:\d+/.test(traces.join('\n')) };
}
