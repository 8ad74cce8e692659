/*
 * Mettle's reader of heap snapshots beside JSON.parse and @memlab/heap-analysis, on heaps of the same process:
 *
 *   npm run bench -- heap-snapshot            30 and 200 MB
 *   HEAPS=30,200,1000 ROUNDS=1 npm run bench -- heap-snapshot
 *
 * Each reading in a process of its own, in turns, judged by CPU time and peak memory; the median of the rounds, and of
 * the ratios of each round. Heaps above 400 MB are one of 200 MB repeated (heap-multiply.mjs): V8 takes minutes and 12 GB of
 * memory for a snapshot of 1 GB. memlab takes 8 GB and minutes to read it. Snapshots go into a temporary folder and are
 * removed. Exit code 1 below the goals: 8 times as fast as memlab with a quarter of its memory, and ahead of JSON.parse.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installFromRegistry } from '../../../scripts/install-from-registry.mjs';
import { median } from '../dist/stats/index.js';
import { machineLine, printTable } from './profiled-server.mjs';

const HEAPS = (process.env.HEAPS ?? '30,200').split(',').map(Number);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const MEMLAB = '@memlab/heap-analysis@2.0.5';
const ALL_READERS = ['mettle', 'mettle with analysis', 'JSON.parse', 'memlab'];
/** READERS="mettle,JSON.parse": only these; mettle is what the others are compared with. */
const READERS = ALL_READERS.filter(
  (reader) => reader === 'mettle' || (process.env.READERS ?? reader).split(',').includes(reader),
);
/** Of V8: a string holds no more characters. */
const LONGEST_STRING = 2 ** 29 - 24;
/** What memlab, and the taking of a snapshot, took at most per byte of heap, with some to spare. */
const MEMORY_PER_HEAP_BYTE = 12;
const LARGEST_TAKEN = 400;
const REPEATED = 200;
const GOALS = { speed: 8, memory: 1 / 4 };

const script = (name) => fileURLToPath(new URL(name, import.meta.url));

function run(args) {
  const done = spawnSync(process.execPath, ['--max-old-space-size=16000', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status !== 0)
    throw new Error(done.stderr.trim().split('\n').at(-1) || `ended with ${done.status}`);
  return done.stdout;
}

/** Where memlab can be imported from; null where the registry is out of reach. */
async function memlabEntry() {
  try {
    const { [MEMLAB]: folder } = await installFromRegistry('bench', [MEMLAB]);
    const entry = join(folder, 'entry.mjs');
    writeFileSync(
      entry,
      `export * from '@memlab/heap-analysis';\nexport { default } from '@memlab/heap-analysis';\n`,
    );
    return pathToFileURL(entry).href;
  } catch (error) {
    console.log(`${MEMLAB} is left out: ${error.message.split('\n')[0]}`);
    return null;
  }
}

function takeSnapshot(heap, file) {
  if (heap <= LARGEST_TAKEN) {
    run([script('heap-ballast.mjs'), String(heap), file]);
    return;
  }
  const part = `${file}.part`;
  run([script('heap-ballast.mjs'), String(REPEATED), part]);
  run([script('heap-multiply.mjs'), part, String(Math.round(heap / REPEATED)), file]);
  rmSync(part);
}

function costOf(reader, file, memlab) {
  const out = run([script('heap-readers.mjs'), reader, file, memlab ?? '']);
  const cost = JSON.parse(/^@cost (.*)$/m.exec(out)[1]);
  console.error(
    `${reader}: ${cost.cpuSeconds.toFixed(2)} s CPU, ${cost.wallSeconds.toFixed(0)} s, ${cost.peakMegabytes.toFixed(0)} MB`,
  );
  return cost;
}

/** A round: each reader once, first one, then the other way round. */
function measure(readers, file, memlab) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const costs = {};
    for (const reader of round % 2 === 0 ? readers : readers.toReversed())
      costs[reader] = costOf(reader, file, memlab);
    rounds.push(costs);
  }
  return rounds;
}

function rowsOf(heap, fileBytes, readers, rounds) {
  return readers.map((reader, i) => {
    const of = (key) => median(rounds.map((costs) => costs[reader][key]));
    const ratio = (key) => median(rounds.map((costs) => costs[reader][key] / costs.mettle[key]));
    return [
      i === 0
        ? `${heap} MB, ${rounds[0].mettle.nodes.toLocaleString('en-US')} nodes, ${(fileBytes / 1e6).toFixed(0)} MB of JSON`
        : '',
      reader,
      of('cpuSeconds').toFixed(2),
      `${ratio('cpuSeconds').toFixed(1)} ×`,
      of('peakMegabytes').toFixed(0),
      `${ratio('peakMegabytes').toFixed(1)} ×`,
    ];
  });
}

/** What of the goals was missed, in words. */
function missed(heap, readers, rounds) {
  const ratio = (reader, key) => median(rounds.map((costs) => costs[reader][key] / costs.mettle[key]));
  const faults = [];
  if (readers.includes('memlab') && ratio('memlab', 'cpuSeconds') < GOALS.speed)
    faults.push(`${heap} MB: memlab takes only ${ratio('memlab', 'cpuSeconds').toFixed(1)} times as long`);
  if (readers.includes('memlab') && 1 / ratio('memlab', 'peakMegabytes') > GOALS.memory)
    faults.push(`${heap} MB: ${(1 / ratio('memlab', 'peakMegabytes')).toFixed(2)} of memlab's memory`);
  if (readers.includes('JSON.parse') && ratio('JSON.parse', 'cpuSeconds') < 1)
    faults.push(`${heap} MB: JSON.parse is faster`);
  return faults;
}

const memlab = READERS.includes('memlab') ? await memlabEntry() : null;
const folder = mkdtempSync(join(tmpdir(), 'mettle-bench-heaps-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
console.log(`Readers of heap snapshots, ${ROUNDS} rounds. Node ${process.version}. ${machineLine()}`);
const rows = [];
const faults = [];
for (const heap of HEAPS) {
  if (freemem() < heap * 1e6 * MEMORY_PER_HEAP_BYTE) {
    console.log(
      `${heap} MB is left out: ${(freemem() / 1e9).toFixed(1)} GB of memory are free, it may take ${(heap * MEMORY_PER_HEAP_BYTE) / 1000}.`,
    );
    continue;
  }
  const file = join(folder, `${heap}.heapsnapshot`);
  takeSnapshot(heap, file);
  const fileBytes = statSync(file).size;
  const readers = READERS.filter(
    (reader) =>
      (reader !== 'memlab' || memlab !== null) && (reader !== 'JSON.parse' || fileBytes < LONGEST_STRING),
  );
  const rounds = measure(readers, file, memlab);
  rows.push(...rowsOf(heap, fileBytes, readers, rounds));
  faults.push(...missed(heap, readers, rounds));
  rmSync(file);
}
printTable(['heap', 'reader', 'CPU s', 'to mettle', 'peak MB', 'to mettle'], rows);
console.log(
  'mettle with analysis: with who holds what (breadth-first by kinds of edges), dominators and retained sizes. memlab: getFullHeapFromFile, with its index of referrers. JSON.parse: readFile and parse; above 512 MB no string holds the file.',
);
for (const fault of faults) console.log(`✘ ${fault}`);
if (faults.length > 0) process.exitCode = 1;
