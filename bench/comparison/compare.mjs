/*
 * The same sick servers, the same calls, under 0x, clinic doctor, @platformatic/flame and Mettle.
 *
 *   npm run build
 *   node bench/comparison/compare.mjs                       everything: about 20 minutes
 *   node bench/comparison/compare.mjs --only regex          the servers with "regex" in their name
 *   node bench/comparison/compare.mjs --part cases          only this part: cases, signals or cost
 *   node bench/comparison/compare.mjs --home FOLDER         where to install and write (default: a new temporary folder)
 *
 * Needs Linux (/proc), npm and its registry. Writes FOLDER/result.json and prints tables.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { casesCalled, NO_OP_SERVER } from './cases.mjs';
import { installProfiler } from './installation.mjs';
import { METTLE, PROFILERS } from './profilers.mjs';
import { costOfNothing, runAttached, runBare, runOwnLoad, runProfiled } from './runs.mjs';

const PAIRS = 3;
const PARTS = ['cases', 'signals', 'cost'];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    part: { type: 'string', multiple: true, default: PARTS },
    home: { type: 'string' },
  },
});
if (process.platform !== 'linux') {
  console.error('The comparison reads CPU time from /proc: it runs on Linux only.');
  process.exit(2);
}

const home = options.home ? resolve(options.home) : mkdtempSync(join(tmpdir(), 'mettle-comparison-'));
mkdirSync(home, { recursive: true });
const resultFile = join(home, 'result.json');
const result = { node: process.version, installed: {}, cases: {}, signals: {}, cost: {} };
try {
  Object.assign(result, JSON.parse(readFileSync(resultFile, 'utf8')));
} catch {
  // The first run here.
}

/** Kept after every step: a run that is stopped half-way has what it had. */
function keep(part, key, name, figures) {
  (result[part][key] ??= {})[name] = { ...figures, load: Number(loadavg()[0].toFixed(1)) };
  writeFileSync(resultFile, JSON.stringify(result, null, 2));
  console.log(`${part} · ${key} · ${name}: ${JSON.stringify(figures)}`);
}

/** A profiler that fails is a result too. */
async function attempt(look) {
  try {
    return await look();
  } catch (error) {
    return { failedWith: error.message };
  }
}

async function compareCases(folders) {
  for (const sick of casesCalled(options.only)) {
    keep('cases', sick.name, 'bare', await attempt(() => runBare(home, sick)));
    for (const profiler of PROFILERS)
      keep(
        'cases',
        sick.name,
        profiler.id,
        await attempt(() => runProfiled(home, profiler, folders[profiler.id], sick)),
      );
    keep('cases', sick.name, 'mettle attach', await attempt(() => runAttached(home, folders.mettle, sick)));
    for (const command of sick.check ? ['profile', 'check'] : ['profile'])
      keep(
        'cases',
        sick.name,
        `mettle ${command}`,
        await attempt(() => runOwnLoad(home, folders.mettle, sick, command)),
      );
  }
}

async function compareSignals(folders) {
  const [sick] = casesCalled('large-json-parse');
  for (const profiler of PROFILERS)
    for (const signal of ['SIGTERM', 'SIGINT'])
      keep(
        'signals',
        profiler.id,
        signal,
        await attempt(() => runProfiled(home, profiler, folders[profiler.id], sick, signal)),
      );
}

const round = (value) => Number(value.toFixed(2));

/** Least, middle and most. */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map(round);
}

/** Bare and profiled servers in turn: a busy host weighs on both. */
async function compareCost(folders) {
  const bare = [process.execPath, NO_OP_SERVER];
  const looks = [
    ...PROFILERS.map((profiler) => [
      profiler.id,
      () => costOfNothing(home, profiler.command(folders[profiler.id], NO_OP_SERVER), { env: profiler.env }),
    ]),
    ['mettle attach', () => costOfNothing(home, bare, { mettle: folders.mettle })],
  ];
  const pairs = Object.fromEntries(looks.map(([name]) => [name, []]));
  for (let i = 0; i < PAIRS; i++)
    for (const [name, look] of looks) {
      const bareUs = await costOfNothing(home, bare);
      pairs[name].push({ bareUs, profiledUs: await look() });
      keep('cost', name, process.version, {
        bareUs: spread(pairs[name].map((pair) => pair.bareUs)),
        ratio: spread(pairs[name].map((pair) => pair.profiledUs / pair.bareUs)),
        addedUs: spread(pairs[name].map((pair) => pair.profiledUs - pair.bareUs)),
      });
    }
}

function printTables() {
  console.log(
    '\n| server | profiler | load s | report s | tool | function | line | stray lines | says |\n|---|---|---|---|---|---|---|---|---|',
  );
  const tick = (value) => (value === null ? '–' : value ? 'yes' : 'no');
  for (const [server, looks] of Object.entries(result.cases))
    for (const [name, look] of Object.entries(looks)) {
      if (name === 'bare') continue;
      const { names = {}, verdict, hottest = [] } = look;
      const says = look.failedWith ?? verdict?.replaceAll(/\s*\n\s*/g, ' ') ?? hottest.slice(0, 2).join(', ');
      const cells = [server, name, look.loadSeconds, look.reportSeconds ?? look.wholeSeconds];
      console.log(
        `| ${[...cells, tick(names.tool), tick(names.function), tick(names.line), look.strayLines, says].join(' | ')} |`,
      );
    }
}

const folders = {};
for (const profiler of [...PROFILERS, METTLE]) {
  const { folder, ...weight } = await installProfiler(home, profiler);
  folders[profiler.id] = folder;
  result.installed[profiler.id] = weight;
  console.log(`${profiler.title}: ${JSON.stringify(weight)}`);
}
if (options.part.includes('cases')) await compareCases(folders);
if (options.part.includes('signals')) await compareSignals(folders);
if (options.part.includes('cost')) await compareCost(folders);
printTables();
console.log(`\nEverything is in ${home}`);
